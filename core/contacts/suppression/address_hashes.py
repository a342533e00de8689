"""Suppressed addresses as keyed hashes: whoever was erased is known again without their address being kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.keyed_hashes import KeyedHashes
from core.contacts.tables import global_suppressions, suppressed_hashes
from core.storage.database import among, chunked, insert_or_ignore

EVERYWHERE = 0  # in the place of a workspace: the whole installation
_PURPOSE = b"pw-suppressed"
_CHUNK = 10_000


class AddressHashes(KeyedHashes):
    """Keeps and recognises hashes of suppressed addresses, which whoever asks spells in the one way (`addresses.comparable`).

    Args:
        key: The installation's secret key; without one nothing can be recognised, and asking fails where there is something to know.
        previous: Secret keys of before; what they hashed is still recognised.
    """

    def __init__(self, key: bytes = b"", previous: Sequence[bytes] = ()) -> None:
        super().__init__(_PURPOSE, key, previous)

    def keep(self, connection: sa.Connection, workspace_id: int, addresses: Iterable[str], reason: str, source: str, now: datetime) -> None:
        """Keep the hashes of addresses that a workspace suppresses, inside the caller's transaction."""
        if self.is_keyed:
            same = {"workspace_id": workspace_id, "reason": reason, "source": source, "created_at": now}
            insert_or_ignore(connection, suppressed_hashes, [{"hash": self.of(workspace_id, one), **same} for one in addresses])

    def keep_erased(
        self, connection: sa.Connection, workspace_id: int, address: str, reason: str, source: str, since: datetime, now: datetime
    ) -> None:
        """Keep an address as nothing but its hash from now on, inside the caller's transaction.

        Raises:
            Unavailable: If there is no key.
        """
        row = {"workspace_id": workspace_id, "hash": self.of(workspace_id, address), "reason": reason, "source": source}
        connection.execute(sa.insert(suppressed_hashes).values(**row, created_at=since, erased_at=now))

    def forget(self, connection: sa.Connection, workspace_id: int, address: str) -> bool:
        """Forget the hashes of an address that is suppressed no more; return whether there were any."""
        if not self.is_keyed:
            return False
        column = suppressed_hashes.c
        mine = sa.and_(column.workspace_id == workspace_id, column.hash.in_(self.all(workspace_id, address)))
        return connection.execute(sa.delete(suppressed_hashes).where(mine)).rowcount > 0

    def erased(self, connection: sa.Connection, workspace_id: int, addresses: Sequence[str]) -> dict[str, sa.Row[Any]]:
        """Return, of these addresses, those that a workspace suppresses and keeps as a hash only, with that row.

        Raises:
            Unavailable: If there are such hashes and no key to recognise them by.
        """
        column = suppressed_hashes.c
        kept = sa.select(suppressed_hashes).where(column.workspace_id == workspace_id, column.erased_at.isnot(None))
        return self._found(connection, workspace_id, addresses, kept)

    def erased_everywhere(self, connection: sa.Connection, addresses: Sequence[str]) -> dict[str, sa.Row[Any]]:
        """Return, of these addresses, those that the installation suppresses and keeps as a hash only, with that row."""
        kept = sa.select(global_suppressions).where(global_suppressions.c.email.is_(None))
        return self._found(connection, EVERYWHERE, addresses, kept)

    def reasons(self, connection: sa.Connection, workspace_id: int, addresses: Sequence[str]) -> dict[str, str]:
        """Return why nobody may write to those of these addresses that are kept as a hash only: what the workspace says comes first.

        For whoever writes to addresses that make no contact: what makes one puts the address back (`Suppressions.restore_in`).

        Raises:
            Unavailable: If there are such hashes and no key to recognise them by.
        """
        found = self.erased_everywhere(connection, addresses) | self.erased(connection, workspace_id, addresses)
        return {address: row.reason for address, row in found.items()}

    def restore_everywhere(self, connection: sa.Connection, addresses: Sequence[str]) -> set[str]:
        """Put these addresses back where the installation keeps them as a hash only, inside the caller's transaction; return which."""
        found = self.erased_everywhere(connection, addresses)
        for address, row in found.items():
            connection.execute(sa.update(global_suppressions).where(global_suppressions.c.id == row.id).values(email=address))
        return set(found)

    def _found(
        self, connection: sa.Connection, workspace_id: int, addresses: Sequence[str], kept: sa.Select[Any]
    ) -> dict[str, sa.Row[Any]]:
        """Most installations keep none; then nothing has to be hashed."""
        if not addresses or connection.execute(kept.limit(1)).first() is None:
            return {}
        hashes = {address: self.all(workspace_id, address) for address in addresses}
        rows: dict[str, sa.Row[Any]] = {}
        for chunk in chunked([one for several in hashes.values() for one in several], _CHUNK):
            here = kept.where(kept.selected_columns["hash"].in_(among(connection, chunk)))
            rows |= {row.hash: row for row in connection.execute(here)}
        known = {address: next((one for one in several if one in rows), "") for address, several in hashes.items()} if rows else {}
        return {address: rows[one] for address, one in known.items() if one}
