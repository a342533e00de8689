"""Double opt-in: somebody is asked by mail, and counts as subscribed once they have answered with the token of that mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.changes import next_change
from core.contacts.consent.asked_addresses import note_answer
from core.contacts.consent.askings import GOOD_FOR, still_asked
from core.contacts.consent.consent import Consent
from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.consent.list_choices import join_list, own_lists
from core.contacts.consent.records import About, ConsentStatus, add_records, set_consent
from core.contacts.tables import contacts, opt_in_tokens, opt_ins
from core.ids import fingerprint, random_secret
from core.storage.database import Database, among, chunked

_CHUNK = 10_000


@dataclass(frozen=True)
class Pending:
    """What a token would confirm.

    Args:
        workspace_id: Whose contact it is.
        contact_id: Who was asked.
        list_ids: The lists they would be put on.
        evidence: What they had agreed to when they asked to be asked.
        asked_at: When that was.
        expires_at: Until when the token is good.
        given: What they told of themselves when they asked, which nobody has proved to be theirs until they answer.
    """

    workspace_id: int
    contact_id: int
    list_ids: tuple[int, ...]
    evidence: Evidence
    asked_at: datetime
    expires_at: datetime
    given: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


class OptIn:
    """Asks people, and takes their answers.

    Nobody is told whether an address is known: whoever is asked gets a mail, whoever has no good token gets the same answer.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._clock, self._consent = clock, Consent(db, clock)

    def ask(
        self,
        connection: sa.Connection,
        workspace_id: int,
        contact_id: int,
        list_ids: Sequence[int],
        evidence: Evidence,
        given: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Have a contact asked by mail, inside the caller's transaction; the worker writes the mail.

        They are not mailed anything else by this: who is new has to be saved as pending, who had unsubscribed stays so until they
        answer. Asking the same again while an answer is awaited has the mail sent once more. Asking anything else is a question of its
        own with mails of its own: an answer says yes to what its mail was about, and to nothing that somebody asked for later.

        Args:
            connection: The caller's transaction.
            workspace_id: Whose contact.
            contact_id: Who.
            list_ids: The lists they want to be on; may be none.
            evidence: What they agreed to, and where.
            given: What they told of themselves, handed back by `confirm`.
        """
        self.ask_many(connection, workspace_id, [contact_id], list_ids, evidence, given)

    def ask_many(
        self,
        connection: sa.Connection,
        workspace_id: int,
        contact_ids: Sequence[int],
        list_ids: Sequence[int],
        evidence: Evidence,
        given: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        """Have contacts asked by mail; see `ask`."""
        now, wanted = self._clock.now(), own_lists(connection, workspace_id, list_ids)
        change = next_change(connection, workspace_id)
        question = {"list_ids": wanted, "evidence": evidence.fields(), "given": dict(given or {})}
        for chunk in chunked(contact_ids, _CHUNK):
            mine = (contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, chunk)))
            standing = {row.id: row.consent for row in connection.execute(sa.select(contacts.c.id, contacts.c.consent).where(*mine))}
            _put(connection, workspace_id, list(standing), question, now)
            self._record(connection, workspace_id, standing, wanted, evidence)
            unknown = [contact_id for contact_id, consent in standing.items() if consent == ConsentStatus.UNKNOWN]
            set_consent(connection, workspace_id, unknown, ConsentStatus.PENDING, change, now)

    def issue(self, connection: sa.Connection, opt_in_id: int, workspace_id: int) -> str:
        """Return a new token for a mail that asks; only its hash is kept."""
        token = random_secret()
        row = {"token_hash": fingerprint(token), "opt_in_id": opt_in_id, "workspace_id": workspace_id, "created_at": self._clock.now()}
        connection.execute(sa.insert(opt_in_tokens).values(row))
        return token

    def peek(self, connection: sa.Connection, token: str) -> Pending | None:
        """Return what a token would confirm, None for one that is unknown, used, too old or refused since; changes nothing."""
        row = self._find(connection, token)
        return None if row is None or still_asked(connection, row, self._clock.now()) is None else _as_pending(row)

    def confirm(self, connection: sa.Connection, token: str, evidence: Evidence) -> Pending | None:
        """Subscribe whoever holds a token, inside the caller's transaction, and put them on the lists they asked for.

        Args:
            connection: The caller's transaction.
            token: From the mail; good once.
            evidence: Where the answer came from; the wording is the one they agreed to when they asked.

        Returns:
            What was confirmed; None for a token that is unknown, used or too old, or where they have refused it since.
        """
        found, now = self._find(connection, token), self._clock.now()
        if found is None:
            return None
        change = next_change(connection, found.workspace_id)
        row = self._find(connection, token)  # looked at again: a no, or another answer, that was just being written stands there now
        if row is None or (list_ids := still_asked(connection, row, now)) is None:
            return None
        connection.execute(sa.update(opt_ins).where(opt_ins.c.id == row.id).values(confirmed_at=now, mail_due_at=None))
        note_answer(connection, row.id)
        pending = _as_pending(row)
        told = _answered(pending.evidence, evidence)
        about = About(token_hash=fingerprint(token), asked_at=pending.asked_at)
        self._consent.accept(connection, pending.workspace_id, pending.contact_id, change, told, about)
        for list_id in list_ids:
            join_list(connection, pending.workspace_id, pending.contact_id, list_id, change, told, now, about)
        return pending

    def _find(self, connection: sa.Connection, token: str) -> sa.Row[Any] | None:
        good = (opt_ins.c.confirmed_at.is_(None), opt_ins.c.expires_at > self._clock.now())
        joined = opt_ins.join(opt_in_tokens, opt_in_tokens.c.opt_in_id == opt_ins.c.id)
        named = opt_in_tokens.c.token_hash == fingerprint(token[:200])
        return connection.execute(sa.select(opt_ins).select_from(joined).where(named, *good)).one_or_none()

    def _record(
        self, connection: sa.Connection, workspace_id: int, standing: dict[int, str], list_ids: Sequence[int], evidence: Evidence
    ) -> None:
        now = self._clock.now()
        unsure = [contact_id for contact_id, consent in standing.items() if consent != ConsentStatus.SUBSCRIBED]
        add_records(connection, workspace_id, unsure, ConsentStatus.PENDING, evidence, now)
        for list_id in list_ids:
            about = About(ConsentPurpose.LIST, list_id)
            add_records(connection, workspace_id, list(standing), ConsentStatus.PENDING, evidence, now, about)


def _answered(asked: Evidence, answer: Evidence) -> Evidence:
    """Return the evidence of an answer: where it came from, and the words that were agreed to when it was asked."""
    return replace(
        answer,
        method=ConsentMethod.DOUBLE_OPT_IN,
        source=answer.source or asked.source,
        language=asked.language,
        wording=asked.wording,
        wording_version=asked.wording_version,
    )


def _due(now: datetime) -> dict[str, Any]:
    return {"asked_at": now, "expires_at": now + GOOD_FOR, "mail_due_at": now}


def _put(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], question: dict[str, Any], now: datetime) -> None:
    """Put a question to contacts, or once more to those for whom the same waits for an answer."""
    waiting = _waiting(connection, workspace_id, contact_ids, question, now)
    fresh = {"workspace_id": workspace_id, "mails": 0, **question} | _due(now)
    if new := [{"contact_id": contact_id, **fresh} for contact_id in contact_ids if contact_id not in waiting]:
        connection.execute(sa.insert(opt_ins), new)
    for opt_in_id in waiting.values():
        connection.execute(sa.update(opt_ins).where(opt_ins.c.id == opt_in_id).values(_due(now)))


def _waiting(
    connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], question: dict[str, Any], now: datetime
) -> dict[int, int]:
    """Return, by contact, the asking of the same question that waits for an answer."""
    column = opt_ins.c
    still = (column.confirmed_at.is_(None), column.expires_at > now)
    wanted = sa.select(column.contact_id, column.id, column.list_ids, column.evidence, column.given)
    wanted = wanted.where(column.workspace_id == workspace_id, column.contact_id.in_(among(connection, contact_ids)), *still)
    asked = _sense(question["list_ids"], question["evidence"], question["given"])
    return {row.contact_id: row.id for row in connection.execute(wanted) if _sense(row.list_ids, row.evidence, row.given) == asked}


def _sense(list_ids: Sequence[int], evidence: dict[str, Any], given: dict[str, Any]) -> tuple[Any, ...]:
    """Return what a question is about: where it was typed from makes it no other."""
    told = Evidence.from_fields(evidence)
    return sorted(list_ids), told.wording, told.wording_version, told.language, given


def _as_pending(row: sa.Row[Any]) -> Pending:
    evidence = Evidence.from_fields(row.evidence)
    return Pending(row.workspace_id, row.contact_id, tuple(row.list_ids), evidence, row.asked_at, row.expires_at, row.given)
