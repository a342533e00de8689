"""What people choose for themselves besides yes and no: how often, a pause, and that nothing known about them is sold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock, utc
from core.contacts.changes import next_change
from core.contacts.consent.evidence import ConsentPurpose, Evidence
from core.contacts.consent.records import About, ConsentStatus, add_records
from core.contacts.lookup import Frequency
from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, among


@dataclass(frozen=True)
class Chosen:
    """What somebody has chosen.

    Args:
        frequency: How often they want to be written to.
        paused_until: Until when they want no mail; None for no pause.
        do_not_sell: Whether nothing known about them may be sold or shared.
    """

    frequency: Frequency
    paused_until: datetime | None
    do_not_sell: bool


class Choices:
    """Shows and changes what people have chosen.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def get(self, by: Principal, contact_id: int) -> Chosen:
        """Return what somebody has chosen; a pause that is over is none.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return _chosen(connection, by, contact_id, self._clock.now())

    def set_mail(self, by: Principal, contact_id: int, *, frequency: Frequency, paused_until: datetime | None) -> None:
        """Note how often somebody wants to be written to, and until when not at all.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            change, now = next_change(connection, by.workspace_id), self._clock.now()
            before = _chosen(connection, by, contact_id, now)
            set_mail_in(connection, by.workspace_id, contact_id, change, now, frequency=frequency, paused_until=paused_until)
            was = {"frequency": before.frequency.value, "is_paused": before.paused_until is not None}
            after = {"frequency": frequency.value, "is_paused": paused_until is not None}
            record(connection, now, by, AuditAction.CONTACT_CHOICES_CHANGED, f"contact:{contact_id}", before=was, after=after)

    def set_sale(self, by: Principal, contact_id: int, *, forbidden: bool, source: str) -> None:
        """Note that somebody forbids selling what is known about them, or allows it again; a consent record tells how we know.

        Args:
            by: Who notes it.
            contact_id: Whose wish it is.
            forbidden: Whether nothing may be sold.
            source: How we know, in words that can be shown to an authority.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            change, now = next_change(connection, by.workspace_id), self._clock.now()
            _chosen(connection, by, contact_id, now)
            evidence = Evidence.of(by, source)
            if set_sale_in(connection, by.workspace_id, [contact_id], change, evidence, now, forbidden=forbidden):
                action = AuditAction.SALE_REFUSED if forbidden else AuditAction.SALE_ALLOWED
                record(connection, now, by, action, f"contact:{contact_id}")


def set_mail_in(
    connection: sa.Connection,
    workspace_id: int,
    contact_id: int,
    change: int,
    now: datetime,
    *,
    frequency: Frequency,
    paused_until: datetime | None,
) -> None:
    """Note how often somebody wants mail, inside the caller's transaction."""
    this = sa.update(contacts).where(contacts.c.workspace_id == workspace_id, contacts.c.id == contact_id)
    pause = None if paused_until is None else utc(paused_until)
    connection.execute(this.values(frequency=frequency.value, paused_until=pause, updated_at=now, updated_seq=change))


def set_sale_in(
    connection: sa.Connection,
    workspace_id: int,
    contact_ids: Sequence[int],
    change: int,
    evidence: Evidence,
    now: datetime,
    *,
    forbidden: bool,
    about: About | None = None,
) -> list[int]:
    """Forbid or allow the sale of what is known about contacts, inside the caller's transaction; return whom that changed.

    Args:
        connection: The caller's transaction.
        workspace_id: Whose contacts.
        contact_ids: Who; unknown ids are passed over.
        change: The number of this change, from `next_change`.
        evidence: How we know.
        now: The time.
        forbidden: Whether nothing may be sold from now on.
        about: The message whose link was used.
    """
    column = contacts.c
    mine = (column.workspace_id == workspace_id, column.id.in_(among(connection, contact_ids)))
    ids = list(connection.execute(sa.select(column.id).where(*mine, column.do_not_sell.is_(not forbidden))).scalars())
    changed = sa.update(contacts).where(column.workspace_id == workspace_id, column.id.in_(among(connection, ids)))
    connection.execute(changed.values(do_not_sell=forbidden, updated_at=now, updated_seq=change))
    state = ConsentStatus.UNSUBSCRIBED if forbidden else ConsentStatus.SUBSCRIBED
    told = About(**(vars(about or About()) | {"purpose": ConsentPurpose.SALE, "list_id": None}))
    add_records(connection, workspace_id, ids, state, evidence, now, told)
    return ids


def _chosen(connection: sa.Connection, by: Principal, contact_id: int, now: datetime) -> Chosen:
    column = contacts.c
    mine = (column.workspace_id == by.workspace_id, column.id == contact_id, *seen_one_by_one(by))
    row = connection.execute(sa.select(column.frequency, column.paused_until, column.do_not_sell).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("There is no such contact.")
    is_paused = row.paused_until is not None and row.paused_until > now
    return Chosen(Frequency(row.frequency), row.paused_until if is_paused else None, row.do_not_sell)
