"""Writing consent records: they are only ever added, and what follows from one is written beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from core.contacts.consent.evidence import ConsentMethod, ConsentPurpose, Evidence
from core.contacts.tables import consent_records, contacts, opt_ins, stop_marks
from core.storage.database import among, chunked

_CHUNK = 10_000


class ConsentStatus(StrEnum):
    """Where a person stands."""

    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class ConsentRecord:
    """One thing a person agreed to or refused (GDPR art. 7(1)).

    Args:
        state: Where the person stood from then on; of the sale of data, `unsubscribed` means that it must not be sold.
        source: How we know ("form:3", "import:7", "one-click").
        message_id: The message whose link was used, if one was.
        ip_prefix: The network it came from, shortened; may be empty.
        user_agent: What it came with; may be empty.
        actor: Who recorded it.
        occurred_at: When.
        purpose: What it is about.
        list_id: The list, where it is about one.
        method: By what way it reached us.
        ip: The address it came from; may be empty.
        language: The language of the wording; may be empty.
        wording: The exact words; may be empty.
        wording_version: Their version, 0 for none.
        is_double_opt_in: Whether a mail asked for it, or was answered by it.
        asked_at: When the mail was asked for that this answers.
    """

    state: ConsentStatus
    source: str
    message_id: int | None
    ip_prefix: str
    user_agent: str
    actor: str
    occurred_at: datetime
    purpose: ConsentPurpose = ConsentPurpose.EVERYTHING
    list_id: int | None = None
    method: ConsentMethod = ConsentMethod.UNTOLD
    ip: str = ""
    language: str = ""
    wording: str = ""
    wording_version: int = 0
    is_double_opt_in: bool = False
    asked_at: datetime | None = None


@dataclass(frozen=True)
class About:
    """What a record is about, and what led to it, besides the evidence.

    Args:
        purpose: All marketing mail unless it says otherwise.
        list_id: The list.
        message_id: The message whose link was used.
        ip_prefix: The network it came from, where the whole address is not kept.
        token_hash: The double opt-in it belongs to.
        asked_at: When that was asked for.
    """

    purpose: ConsentPurpose = ConsentPurpose.EVERYTHING
    list_id: int | None = None
    message_id: int | None = None
    ip_prefix: str = ""
    token_hash: str = ""
    asked_at: datetime | None = None


def add_records(
    connection: sa.Connection,
    workspace_id: int,
    contact_ids: Sequence[int],
    state: ConsentStatus,
    evidence: Evidence,
    now: datetime,
    about: About | None = None,
) -> None:
    """Add the same record for each of some contacts, inside the caller's transaction; what follows from it is theirs to write."""
    if contact_ids:
        told = {"workspace_id": workspace_id, "state": state.value, "occurred_at": now, **evidence.fields(), **vars(about or About())}
        same = {name: value for name, value in told.items() if value is not None}
        connection.execute(sa.insert(consent_records), [{"contact_id": contact_id, **same} for contact_id in contact_ids])


def set_consent(
    connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], state: ConsentStatus, change: int, now: datetime
) -> None:
    """Set where contacts stand; a record says why. Whoever was marked as just having said no is on record now."""
    for chunk in chunked(contact_ids, _CHUNK):
        changed = sa.update(contacts).where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, chunk)))
        connection.execute(changed.values(consent=state.value, updated_at=now, updated_seq=change))


def clear_marks(connection: sa.Connection, contact_ids: Sequence[int], said_at: datetime) -> None:
    """Take away the marks of those who have said something; one that was set after they said it stays."""
    for chunk in chunked(contact_ids, _CHUNK):
        whose = stop_marks.c.contact_id.in_(among(connection, chunk))
        connection.execute(sa.delete(stop_marks).where(whose, stop_marks.c.since <= said_at))


def has_refused_since(connection: sa.Connection, workspace_id: int, contact_id: int, said_at: datetime, list_id: int | None = None) -> bool:
    """Whether somebody said no, to everything or to a list, after a moment: the later no wins, in whatever order they are read."""
    about = About() if list_id is None else About(ConsentPurpose.LIST, list_id)
    return _has_said_since(connection, workspace_id, contact_id, ConsentStatus.UNSUBSCRIBED, said_at, about)


def has_forbidden_sale_since(connection: sa.Connection, workspace_id: int, contact_id: int, said_at: datetime) -> bool:
    """Whether somebody forbade the sale of what is known about them after a moment."""
    about = About(ConsentPurpose.SALE)
    return _has_said_since(connection, workspace_id, contact_id, ConsentStatus.UNSUBSCRIBED, said_at, about)


def has_joined_since(connection: sa.Connection, workspace_id: int, contact_id: int, said_at: datetime, list_id: int) -> bool:
    """Whether somebody said yes to a list after a moment: a no of before that is heard of late does not undo it."""
    about = About(ConsentPurpose.LIST, list_id)
    return _has_said_since(connection, workspace_id, contact_id, ConsentStatus.SUBSCRIBED, said_at, about)


def _has_said_since(
    connection: sa.Connection, workspace_id: int, contact_id: int, state: ConsentStatus, said_at: datetime, about: About
) -> bool:
    said = consent_records.c
    matter = (said.purpose == about.purpose.value, *(() if about.list_id is None else (said.list_id == about.list_id,)))
    whose = (said.workspace_id == workspace_id, said.contact_id == contact_id)
    since = (said.state == state.value, said.occurred_at > said_at)
    return connection.execute(sa.select(said.id).where(*whose, *matter, *since).limit(1)).first() is not None


def close_askings(connection: sa.Connection, contact_ids: Sequence[int], said_at: datetime) -> None:
    """Let the mails be answered no more that were asked for before somebody said no; no reminder follows them either."""
    for chunk in chunked(contact_ids, _CHUNK):
        still = (opt_ins.c.contact_id.in_(among(connection, chunk)), opt_ins.c.confirmed_at.is_(None), opt_ins.c.asked_at <= said_at)
        connection.execute(sa.update(opt_ins).where(*still).values(expires_at=opt_ins.c.asked_at, mail_due_at=None))


def as_record(row: sa.Row[Any]) -> ConsentRecord:
    """Return a row as a record."""
    return ConsentRecord(
        ConsentStatus(row.state),
        row.source,
        row.message_id,
        row.ip_prefix,
        row.user_agent,
        row.actor,
        row.occurred_at,
        ConsentPurpose(row.purpose),
        row.list_id,
        ConsentMethod(row.method),
        row.ip,
        row.language,
        row.wording,
        row.wording_version,
        bool(row.token_hash),
        row.asked_at,
    )
