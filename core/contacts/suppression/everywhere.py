"""The addresses no workspace of this installation may write to; whoever looks after the installation keeps them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import comparable, disguised
from core.contacts.changes import mark_changed, next_change
from core.contacts.pasted import Pasted, read_pasted
from core.contacts.suppression.address_hashes import EVERYWHERE, AddressHashes
from core.contacts.suppression.suppressed import SuppressionPage, SuppressionReason, matching, page_of
from core.contacts.tables import contacts, global_suppressions
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, among, chunked, insert_or_ignore
from core.storage.tables import workspaces

_CHUNK = 10_000


class SuppressedEverywhere:
    """Adds, removes and shows addresses that are suppressed for the whole installation.

    Args:
        db: The database.
        clock: The time.
        hashes: Makes the hashes that outlive an address.
    """

    def __init__(self, db: Database, clock: Clock, hashes: AddressHashes) -> None:
        self._db, self._clock, self._hashes = db, clock, hashes

    def add_all(self, by: Principal, text: str, source: str = "") -> Pasted:
        """Suppress every address of a text everywhere: one, a pasted list, or a file. Those kept as a hash only are readable again.

        Raises:
            Denied: If `by` may not look after the installation's suppressions.
            InvalidInput: If there is no address in it, or there are too many.
        """
        by.require(Permission.SUPPRESSIONS_EVERYWHERE)
        by.require_all_lists()
        pasted, now = read_pasted(text), self._clock.now()
        same = {"reason": SuppressionReason.MANUAL.value, "source": source, "added_by": by.label, "created_at": now}
        rows = [{"email": one, "hash": self._hashes.of(EVERYWHERE, one), **same} for one in pasted.addresses]
        with self._db.transaction() as connection:
            known = self._hashes.restore_everywhere(connection, pasted.addresses)
            added = len(known) + insert_or_ignore(connection, global_suppressions, [row for row in rows if row["email"] not in known])
            if added:
                self._mark(connection, pasted.addresses)
                after = {"reason": SuppressionReason.MANUAL.value, "addresses": added, "everywhere": True}
                record(connection, now, by, AuditAction.SUPPRESSION_ADDED, "suppression:everywhere", after=after)
        return pasted.counted(added)

    def remove(self, by: Principal, email: str) -> None:
        """Allow an address again everywhere, as far as the workspaces allow it.

        Raises:
            Denied: If `by` may not look after the installation's suppressions.
            NotFound: If the address is not suppressed everywhere.
        """
        by.require(Permission.SUPPRESSIONS_EVERYWHERE)
        by.require_all_lists()
        address = comparable(email)
        column = global_suppressions.c
        with self._db.transaction() as connection:
            this = sa.or_(column.email == address, column.hash.in_(self._hashes.all(EVERYWHERE, address)))
            if connection.execute(sa.delete(global_suppressions).where(this)).rowcount == 0:
                raise NotFound("This address is not suppressed everywhere.")
            self._mark(connection, [address])
            target, after = f"suppression:{disguised(EVERYWHERE, address)}", {"everywhere": True}
            record(connection, self._clock.now(), by, AuditAction.SUPPRESSION_REMOVED, target, after=after)

    def page(self, by: Principal, limit: int = 50, offset: int = 0, *, search: str = "") -> SuppressionPage:
        """Return some addresses that are suppressed everywhere, newest first; of the erased ones the reason only.

        Raises:
            Denied: If `by` may not look after the installation's suppressions.
        """
        by.require(Permission.SUPPRESSIONS_EVERYWHERE)
        by.require_all_lists()
        with self._db.read() as connection:
            return page_of(connection, global_suppressions, matching(global_suppressions, search), limit, offset)

    def _mark(self, connection: sa.Connection, addresses: Sequence[str]) -> None:
        """Have every workspace see that these contacts changed."""
        for workspace_id in connection.execute(sa.select(workspaces.c.id).order_by(workspaces.c.id)).scalars().all():
            change = next_change(connection, workspace_id)
            for chunk in chunked(addresses, _CHUNK):
                mark_changed(connection, workspace_id, change, contacts.c.email.in_(among(connection, chunk)))
