"""The addresses nobody in a workspace may write to, whatever lists they are on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import comparable, disguised, normalise
from core.contacts.changes import mark_changed, next_change
from core.contacts.tables import contacts, suppressions
from core.contacts.visibility import Conditions, not_yours, seen_one_by_one
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, chunked, insert_or_ignore

_CHUNK = 10_000


class SuppressionReason(StrEnum):
    """Why an address must not be written to."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


@dataclass(frozen=True)
class Suppression:
    """An address nobody may write to.

    Args:
        email: The address in its one spelling.
        reason: Why.
        source: What led to it ("message:12", a person's note); may be empty.
        created_at: Since when.
    """

    email: str
    reason: SuppressionReason
    source: str
    created_at: datetime


@dataclass(frozen=True)
class SuppressionPage:
    """Some suppressed addresses, newest first, and how many there are in all."""

    rows: list[Suppression]
    total: int


class Suppressions:
    """Adds, removes and shows suppressed addresses; to somebody limited to some lists, those of the people on them only.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def add(self, by: Principal, email: str, reason: SuppressionReason = SuppressionReason.MANUAL, source: str = "") -> None:
        """Suppress an address; one that already is keeps its first reason.

        Raises:
            Denied: If `by` may not edit contacts, or not this one.
            InvalidInput: If it can't be an address.
        """
        by.require(Permission.CONTACTS_EDIT)
        address = normalise(email, allows_utf8=True)  # single messages go to such addresses, too
        with self._db.transaction() as connection:
            if not _may_touch(connection, by, address):
                raise not_yours()
            if self.add_in(connection, by.workspace_id, [address], reason, source or by.label):
                target, after = f"suppression:{disguised(by.workspace_id, address)}", {"reason": reason.value}
                record(connection, self._clock.now(), by, AuditAction.SUPPRESSION_ADDED, target, after=after)

    def add_in(
        self, connection: sa.Connection, workspace_id: int, emails: Iterable[str], reason: SuppressionReason, source: str = ""
    ) -> int:
        """Suppress addresses inside the caller's transaction and return how many were not suppressed before."""
        addresses = sorted({comparable(email) for email in emails})
        if not addresses:
            return 0
        change = next_change(connection, workspace_id)
        same = {"workspace_id": workspace_id, "reason": reason.value, "source": source, "created_at": self._clock.now()}
        added = insert_or_ignore(connection, suppressions, [{"email": address, **same} for address in addresses])
        for chunk in chunked(addresses, _CHUNK) if added else ():
            mark_changed(connection, workspace_id, change, contacts.c.email.in_(chunk))
        return added

    def remove(self, by: Principal, email: str) -> None:
        """Allow an address again; consent stays what it was.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If the address is not suppressed.
        """
        by.require(Permission.CONTACTS_EDIT)
        address = comparable(email)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            gone = sa.delete(suppressions).where(*_mine(by), suppressions.c.email == address)
            if connection.execute(gone).rowcount == 0:
                raise NotFound("This address is not suppressed.")
            mark_changed(connection, by.workspace_id, change, contacts.c.email == address)
            record(connection, self._clock.now(), by, AuditAction.SUPPRESSION_REMOVED, f"suppression:{disguised(by.workspace_id, address)}")

    def page(self, by: Principal, limit: int = 50, offset: int = 0) -> SuppressionPage:
        """Return some suppressed addresses, newest first.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        mine = sa.and_(*_mine(by))
        with self._db.read() as connection:
            total = connection.execute(sa.select(sa.func.count()).select_from(suppressions).where(mine)).scalar_one()
            wanted = sa.select(suppressions).where(mine).order_by(suppressions.c.id.desc()).limit(limit).offset(offset)
            found = connection.execute(wanted).all()
        return SuppressionPage([Suppression(row.email, SuppressionReason(row.reason), row.source, row.created_at) for row in found], total)

    def contains(self, by: Principal, email: str) -> bool:
        """Return whether an address is suppressed.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        wanted = sa.select(suppressions.c.id).where(*_mine(by), suppressions.c.email == comparable(email))
        with self._db.read() as connection:
            return connection.execute(wanted).scalar() is not None


def _mine(by: Principal) -> Conditions:
    """Return the conditions of the suppressions `by` may see: with some lists only, those of the people on them."""
    owner = (contacts.c.workspace_id == suppressions.c.workspace_id, contacts.c.email == suppressions.c.email)
    seen = [sa.exists().where(*owner, condition).correlate(suppressions) for condition in seen_one_by_one(by)]
    return [suppressions.c.workspace_id == by.workspace_id, *seen]


def _may_touch(connection: sa.Connection, by: Principal, address: str) -> bool:
    known = sa.select(contacts.c.id).where(contacts.c.workspace_id == by.workspace_id, contacts.c.email == address)
    return by.lists is None or connection.execute(known.where(*seen_one_by_one(by))).first() is not None
