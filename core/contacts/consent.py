"""What people agreed to: a status on the contact, and an append-only record of how we know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.changes import next_change
from core.contacts.tables import consent_records, contacts
from core.contacts.visibility import seen_one_by_one
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, chunked

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
        state: Where the person stood from then on.
        source: How we know ("form:3", "import:7", "one-click").
        message_id: The message whose link was used, if one was.
        ip_prefix: The network it came from, shortened; may be empty.
        user_agent: What it came with; may be empty.
        actor: Who recorded it.
        occurred_at: When.
    """

    state: ConsentStatus
    source: str
    message_id: int | None
    ip_prefix: str
    user_agent: str
    actor: str
    occurred_at: datetime


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
        *,
        source: str,
        message_id: int | None = None,
        ip_prefix: str = "",
        user_agent: str = "",
        actor: str = "",
    ) -> list[int]:
        """Unsubscribe contacts inside the caller's transaction and return the ids of those who were not already.

        Args:
            connection: The caller's transaction.
            workspace_id: Whose contacts.
            contact_ids: Who; unknown and deleted ids are passed over.
            source: How we know.
            message_id: The message whose link was used.
            ip_prefix: The network it came from, already shortened.
            user_agent: What it came with.
            actor: Who records it; empty means the person themselves.
        """
        if not contact_ids:
            return []
        change = next_change(connection, workspace_id)  # before looking: of two at once, the second sees what the first did
        column = contacts.c
        open_ids: list[int] = []
        for chunk in chunked(contact_ids, _CHUNK):
            still_open = sa.select(column.id).where(
                column.workspace_id == workspace_id, column.id.in_(chunk), column.consent != ConsentStatus.UNSUBSCRIBED.value
            )
            open_ids += connection.execute(still_open).scalars()
        how = {"message_id": message_id, "ip_prefix": ip_prefix, "user_agent": user_agent, "actor": actor}
        self._record(connection, workspace_id, change, open_ids, ConsentStatus.UNSUBSCRIBED, {"source": source, **how})
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
                how = {"source": source, "actor": by.label}
                self._record(connection, by.workspace_id, change, [contact_id], ConsentStatus.SUBSCRIBED, how)
                before = {"consent": consent}
                record(connection, self._clock.now(), by, AuditAction.CONSENT_GIVEN, f"contact:{contact_id}", before=before)

    def history(self, by: Principal, contact_id: int) -> list[ConsentRecord]:
        """Return everything recorded about a contact's consent, oldest first; nothing about somebody `by` may not see.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        column = consent_records.c
        wanted = sa.select(consent_records).where(column.workspace_id == by.workspace_id, column.contact_id == contact_id)
        for seen in seen_one_by_one(by):
            wanted = wanted.where(sa.exists().where(contacts.c.id == column.contact_id, seen))
        with self._db.read() as connection:
            found = connection.execute(wanted.order_by(column.id)).all()
        return [
            ConsentRecord(ConsentStatus(row.state), row.source, row.message_id, row.ip_prefix, row.user_agent, row.actor, row.occurred_at)
            for row in found
        ]

    def _record(
        self, connection: sa.Connection, workspace_id: int, change: int, ids: Sequence[int], state: ConsentStatus, how: Mapping[str, object]
    ) -> None:
        if not ids:
            return
        now = self._clock.now()
        same = {"workspace_id": workspace_id, "state": state.value, "occurred_at": now, **how}
        connection.execute(sa.insert(consent_records), [{"contact_id": contact_id, **same} for contact_id in ids])
        for chunk in chunked(ids, _CHUNK):
            changed = sa.update(contacts).where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(chunk))
            connection.execute(changed.values(consent=state.value, updated_at=now, updated_seq=change))
