"""The addresses nobody in a workspace may write to, whatever lists they are on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import comparable, disguised, normalise
from core.contacts.changes import mark_changed, next_change
from core.contacts.pasted import Pasted, read_pasted
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppressed import Suppression, SuppressionPage, SuppressionReason, matching, page_of, suppressed_csv
from core.contacts.tables import contacts, global_suppressions, suppressions
from core.contacts.visibility import Conditions, not_yours, seen_one_by_one
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, among, chunked, insert_or_ignore

__all__ = ["Suppression", "SuppressionPage", "SuppressionReason", "Suppressions"]

_CHUNK = 10_000


class Suppressions:
    """Adds, removes and shows suppressed addresses; to somebody limited to some lists, those of the people on them only.

    Args:
        db: The database.
        clock: The time.
        hashes: Makes the hashes that outlive an address.
    """

    def __init__(self, db: Database, clock: Clock, hashes: AddressHashes | None = None) -> None:
        self._db, self._clock, self._hashes = db, clock, hashes or AddressHashes()

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

    def add_all(self, by: Principal, text: str, source: str = "") -> Pasted:
        """Suppress every address of a pasted text or a file: one a line, or the first column of a CSV.

        Args:
            by: Who asks.
            text: The addresses; a heading line is passed over.
            source: Where they come from, in words.

        Raises:
            Denied: If `by` may not edit contacts, or sees some lists only.
            InvalidInput: If there are too many.
        """
        by.require(Permission.CONTACTS_EDIT)
        by.require_all_lists()
        pasted = read_pasted(text)
        with self._db.transaction() as connection:
            added = self.add_in(connection, by.workspace_id, pasted.addresses, SuppressionReason.MANUAL, source or by.label)
            if added:
                after = {"reason": SuppressionReason.MANUAL.value, "addresses": added}
                record(connection, self._clock.now(), by, AuditAction.SUPPRESSION_ADDED, "suppression:many", after=after)
        return pasted.counted(added)

    def add_in(
        self, connection: sa.Connection, workspace_id: int, emails: Iterable[str], reason: SuppressionReason, source: str = ""
    ) -> int:
        """Suppress addresses inside the caller's transaction and return how many were not suppressed before."""
        addresses = sorted({comparable(email) for email in emails})
        if not addresses:
            return 0
        change, now = next_change(connection, workspace_id), self._clock.now()
        same = {"workspace_id": workspace_id, "reason": reason.value, "source": source, "created_at": now}
        added = insert_or_ignore(connection, suppressions, [{"email": address, **same} for address in addresses])
        if added:
            self._hashes.keep(connection, workspace_id, addresses, reason.value, source, now)
        for chunk in chunked(addresses, _CHUNK) if added else ():
            mark_changed(connection, workspace_id, change, contacts.c.email.in_(among(connection, chunk)))
        return added

    def remove(self, by: Principal, email: str) -> None:
        """Allow an address again; consent stays what it was. One of which the hash is left only is allowed again, too.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If the address is not suppressed.
        """
        by.require(Permission.CONTACTS_EDIT)
        address = comparable(email)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            gone = connection.execute(sa.delete(suppressions).where(*_mine(by), suppressions.c.email == address)).rowcount
            if gone or by.lists is None:
                gone += self._hashes.forget(connection, by.workspace_id, address)
            if not gone:
                raise NotFound("This address is not suppressed.")
            mark_changed(connection, by.workspace_id, change, contacts.c.email == address)
            record(connection, self._clock.now(), by, AuditAction.SUPPRESSION_REMOVED, f"suppression:{disguised(by.workspace_id, address)}")

    def page(
        self, by: Principal, limit: int = 50, offset: int = 0, *, search: str = "", reason: SuppressionReason | None = None
    ) -> SuppressionPage:
        """Return some suppressed addresses, newest first.

        Args:
            by: Who asks.
            limit: At most this many.
            offset: So many are left out before.
            search: Part of the address; empty for all.
            reason: Only those suppressed for this.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return page_of(connection, suppressions, [*_mine(by), *matching(suppressions, search, reason)], limit, offset)

    def before(self, by: Principal, before_number: int | None, limit: int, *, search: str = "") -> list[Suppression]:
        """Return suppressed addresses, newest first, from one on; see `Contacts.before`.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        earlier = [] if before_number is None else [suppressions.c.id < before_number]
        with self._db.read() as connection:
            return page_of(connection, suppressions, [*_mine(by), *matching(suppressions, search), *earlier], limit, counts=False).rows

    def stream_csv(self, by: Principal) -> Iterator[str]:
        """Yield the suppressed addresses as lines of a CSV: address, reason, source, since when.

        Raises:
            Denied: If `by` may not export contacts.
        """
        by.require(Permission.CONTACTS_EXPORT)
        with self._db.transaction() as connection:
            total = page_of(connection, suppressions, _mine(by), 0).total
            record(connection, self._clock.now(), by, AuditAction.SUPPRESSIONS_EXPORTED, "suppression:all", after={"addresses": total})
        return suppressed_csv(self._db, suppressions, _mine(by))

    def contains(self, by: Principal, email: str) -> bool:
        """Return whether an address is suppressed, be it by this workspace or everywhere.

        Raises:
            Denied: If `by` may not see contacts.
        """
        return self.find(by, email) is not None

    def find(self, by: Principal, email: str) -> Suppression | None:
        """Return why and since when an address is suppressed, None where it is not.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        address = comparable(email)
        with self._db.read() as connection:
            here = page_of(connection, suppressions, [*_mine(by), suppressions.c.email == address], 1, counts=False).rows
            if not here and _may_touch(connection, by, address):
                here = page_of(connection, global_suppressions, [global_suppressions.c.email == address], 1, counts=False).rows
        return here[0] if here else None

    def restore_in(self, connection: sa.Connection, workspace_id: int, emails: Sequence[str]) -> int:
        """Suppress again, inside the caller's transaction, those of some addresses that are kept as hashes only; return how many.

        For whoever makes contacts: an address that was erased and suppressed is suppressed from the moment it is there again.

        Raises:
            Unavailable: If there are such hashes and no key to recognise them by.
        """
        here = self._hashes.erased(connection, workspace_id, emails)
        told = {one: {name: getattr(row, name) for name in ("reason", "source", "created_at")} for one, row in here.items()}
        insert_or_ignore(connection, suppressions, [{"workspace_id": workspace_id, "email": one, **why} for one, why in told.items()])
        return len(here.keys() | self._hashes.restore_everywhere(connection, emails))

    def kept_as_hashes(self, connection: sa.Connection, workspace_id: int, emails: Sequence[str]) -> set[str]:
        """Return which of some addresses `restore_in` would suppress again.

        Raises:
            Unavailable: If there are such hashes and no key to recognise them by.
        """
        return set(self._hashes.reasons(connection, workspace_id, emails))

    def erase_in(self, connection: sa.Connection, workspace_id: int, email: str, now: datetime) -> None:
        """Keep an address as a hash only, inside the caller's transaction: who is erased is suppressed whenever they come back.

        What suppresses them everywhere keeps the address as long as another workspace knows somebody by it: it holds by the address.

        Raises:
            Unavailable: If there is no key to hash with.
        """
        address, why = comparable(email), SuppressionReason.ERASED.value
        mine = sa.and_(suppressions.c.workspace_id == workspace_id, suppressions.c.email == address)
        before = connection.execute(sa.select(suppressions).where(mine)).one_or_none()
        self._hashes.forget(connection, workspace_id, address)
        reason, source, since = (before.reason, before.source, before.created_at) if before else (why, why, now)
        self._hashes.keep_erased(connection, workspace_id, address, reason, source, since, now)
        connection.execute(sa.delete(suppressions).where(mine))
        elsewhere = sa.exists().where(contacts.c.email == address, contacts.c.workspace_id != workspace_id)
        unread = sa.update(global_suppressions).where(global_suppressions.c.email == address, ~elsewhere)
        connection.execute(unread.values(email=None))


def _mine(by: Principal) -> Conditions:
    """Return the conditions of the suppressions `by` may see: with some lists only, those of the people on them."""
    owner = (contacts.c.workspace_id == suppressions.c.workspace_id, contacts.c.email == suppressions.c.email)
    seen = [sa.exists().where(*owner, condition).correlate(suppressions) for condition in seen_one_by_one(by)]
    return [suppressions.c.workspace_id == by.workspace_id, *seen]


def _may_touch(connection: sa.Connection, by: Principal, address: str) -> bool:
    known = sa.select(contacts.c.id).where(contacts.c.workspace_id == by.workspace_id, contacts.c.email == address)
    return by.lists is None or connection.execute(known.where(*seen_one_by_one(by))).first() is not None
