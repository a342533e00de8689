"""What people agreed to: a status on the contact, and an append-only record of how we know."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.aliases import survivors_of
from core.contacts.changes import next_change
from core.contacts.consent.evidence import ConsentPurpose, Evidence
from core.contacts.consent.records import (
    About,
    ConsentRecord,
    ConsentStatus,
    add_records,
    as_record,
    clear_marks,
    close_askings,
    set_consent,
)
from core.contacts.tables import consent_records, contacts
from core.contacts.visibility import seen_one_by_one, seen_records
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, among, chunked

__all__ = ["Consent", "ConsentRecord", "ConsentStatus"]

_CHUNK = 10_000


class Consent:
    """Gives, withdraws and shows consent.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def withdraw(
        self,
        connection: sa.Connection,
        workspace_id: int,
        contact_ids: Sequence[int],
        evidence: Evidence,
        *,
        about: About | None = None,
        said_at: datetime | None = None,
    ) -> list[int]:
        """Unsubscribe contacts inside the caller's transaction and return the ids of those who were not already.

        Args:
            connection: The caller's transaction.
            workspace_id: Whose contacts.
            contact_ids: Who; unknown and deleted ids are passed over.
            evidence: How we know.
            about: The message whose link was used, and the network it came from.
            said_at: When it was said; whoever has agreed since stays subscribed. None for now.
        """
        if not contact_ids:
            return []
        change = next_change(connection, workspace_id)  # before looking: of two at once, the second sees what the first did
        contact_ids = survivors_of(connection, workspace_id, contact_ids)  # an old link means whom its reader was merged into
        open_ids = _still_open(connection, workspace_id, contact_ids, said_at)
        now = self._clock.now()
        said = said_at or now
        add_records(connection, workspace_id, open_ids, ConsentStatus.UNSUBSCRIBED, evidence, said, about)
        set_consent(connection, workspace_id, open_ids, ConsentStatus.UNSUBSCRIBED, change, now)
        clear_marks(connection, contact_ids, said)
        close_askings(connection, contact_ids, said)
        return open_ids

    def give(self, by: Principal, contact_id: int, source: str) -> None:
        """Subscribe a contact who said so; the only way back from unsubscribed.

        Args:
            by: Who records it.
            contact_id: Who agreed.
            source: How we know, in words that can be shown to an authority.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.id == contact_id, *seen_one_by_one(by))
            consent = connection.execute(sa.select(contacts.c.consent).where(*mine)).scalar()
            if consent is None:
                raise NotFound("There is no such contact.")
            if consent != ConsentStatus.SUBSCRIBED:
                self.accept(connection, by.workspace_id, contact_id, change, Evidence.of(by, source))
                before = {"consent": consent}
                record(connection, self._clock.now(), by, AuditAction.CONSENT_GIVEN, f"contact:{contact_id}", before=before)

    def accept(
        self, connection: sa.Connection, workspace_id: int, contact_id: int, change: int, evidence: Evidence, about: About | None = None
    ) -> None:
        """Subscribe a contact inside the caller's transaction, who has just agreed themselves: a form, an answered mail.

        Args:
            connection: The caller's transaction.
            workspace_id: Whose contact.
            contact_id: Who agreed.
            change: The number of this change, from `next_change`.
            evidence: How we know.
            about: The double opt-in it answers.
        """
        now = self._clock.now()
        add_records(connection, workspace_id, [contact_id], ConsentStatus.SUBSCRIBED, evidence, now, about)
        set_consent(connection, workspace_id, [contact_id], ConsentStatus.SUBSCRIBED, change, now)
        clear_marks(connection, [contact_id], now)

    def history(self, by: Principal, contact_id: int) -> list[ConsentRecord]:
        """Return what is recorded of a contact's consent, oldest first; nothing of people and lists that `by` may not see.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        column = consent_records.c
        wanted = sa.select(consent_records).where(column.workspace_id == by.workspace_id, column.contact_id == contact_id)
        wanted = wanted.where(*seen_records(by))
        for seen in seen_one_by_one(by):
            wanted = wanted.where(sa.exists().where(contacts.c.id == contact_id, seen))
        with self._db.read() as connection:
            return [as_record(row) for row in connection.execute(wanted.order_by(column.occurred_at, column.id))]


def _still_open(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], said_at: datetime | None) -> list[int]:
    """Return those of these contacts who are not unsubscribed already, and have not agreed since they said no."""
    column, found = contacts.c, list[int]()
    not_since = () if said_at is None else (~_agreed_since(said_at),)
    for chunk in chunked(contact_ids, _CHUNK):
        mine = (column.workspace_id == workspace_id, column.id.in_(among(connection, chunk)))
        still = sa.select(column.id).where(*mine, column.consent != ConsentStatus.UNSUBSCRIBED.value, *not_since)
        found += connection.execute(still).scalars()
    return found


def _agreed_since(said_at: datetime) -> sa.ColumnElement[bool]:
    column = consent_records.c
    agreed = (column.contact_id == contacts.c.id, column.purpose == ConsentPurpose.EVERYTHING.value)
    return sa.exists().where(*agreed, column.state == ConsentStatus.SUBSCRIBED.value, column.occurred_at > said_at).correlate(contacts)
