"""Leases: which process may do what only one may do at a time, kept in the database so that a dead one loses it."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.storage.database import Database, insert_or_ignore
from core.storage.tables import leases


class Lease:
    """The right to be the only one doing something, for a while.

    Args:
        db: The database that keeps it.
        clock: The time.
        name: What is leased ("ingester").
        owner: Who asks; unique to the process.
        ttl: How long it holds unless renewed.
    """

    def __init__(self, db: Database, clock: Clock, name: str, owner: str, ttl: timedelta) -> None:
        self._db, self._clock, self._name, self._owner, self._ttl = db, clock, name, owner, ttl

    def hold(self) -> bool:
        """Take the lease or renew it; return whether it is ours now."""
        now = self._clock.now()
        expires = now + self._ttl
        with self._db.transaction() as connection:
            insert_or_ignore(connection, leases, [{"name": self._name, "owner": self._owner, "expires_at": expires}])
            free = sa.or_(leases.c.owner == self._owner, leases.c.expires_at <= now)
            taken = sa.update(leases).where(leases.c.name == self._name, free).values(owner=self._owner, expires_at=expires)
            return connection.execute(taken).rowcount == 1

    def keep(self, connection: sa.Connection) -> bool:
        """Renew the lease inside a transaction, even one that ran out while nobody took it; return whether it is ours.

        Nobody can take it until the transaction ends, so what is done in it is done by the only one.
        """
        renewed = sa.update(leases).where(leases.c.name == self._name, leases.c.owner == self._owner)
        return connection.execute(renewed.values(expires_at=self._clock.now() + self._ttl)).rowcount == 1

    def release(self) -> None:
        """Give the lease back if it is ours."""
        with self._db.transaction() as connection:
            connection.execute(sa.delete(leases).where(leases.c.name == self._name, leases.c.owner == self._owner))
