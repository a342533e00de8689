"""The mailboxes that bounces come back to: which there are, opening one, and what came of reading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.clock import Clock
from core.permissions import Permission, Principal
from core.providers.catalogue import CATALOGUE
from core.providers.mailbox import Mailbox
from core.providers.smtp.account import MailboxProtocol, protocol_of
from core.providers.stored import stored_mailbox
from core.providers.tables import connections, mailbox_reads
from core.storage.database import Database, insert_or_ignore
from core.storage.vault import Vault

_LONGEST_PROBLEM = 500


@dataclass(frozen=True)
class MailboxOwner:
    """A connection whose bounces come back to a mailbox that is read.

    Args:
        connection_id: The connection.
        workspace_id: Whose it is.
        kind: The kind of provider.
    """

    connection_id: int
    workspace_id: int
    kind: str


@dataclass(frozen=True)
class MailboxState:
    """What came of reading a mailbox.

    Args:
        tried_at: When it was last tried.
        read_at: When it last went well, None for never.
        problem: Why it did not the last time; empty where it did.
    """

    tried_at: datetime
    read_at: datetime | None
    problem: str


class BounceMailboxes:
    """Finds and opens the mailboxes, and keeps what came of reading them.

    Args:
        db: The database.
        clock: The time.
        vault: Opens the secrets.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault) -> None:
        self._db, self._clock, self._vault = db, clock, vault

    def states(self, by: Principal) -> Mapping[int, MailboxState]:
        """Return what came of reading the workspace's mailboxes, by connection; those that were never tried are not in it."""
        by.require(Permission.CAMPAIGNS_VIEW)
        column = mailbox_reads.c
        mine = sa.select(column.connection_id, column.tried_at, column.read_at, column.problem).where(
            column.workspace_id == by.workspace_id
        )
        with self._db.read() as connection:
            return {row[0]: MailboxState(*row[1:]) for row in connection.execute(mine)}

    def all(self) -> list[MailboxOwner]:
        """Return every connection of the installation that has one; for the worker."""
        kinds = [kind.kind for kind in CATALOGUE.values() if kind.mailbox is not None]
        found = sa.select(connections.c.id, connections.c.workspace_id, connections.c.kind, connections.c.settings)
        with self._db.read() as connection:
            rows = connection.execute(found.where(connections.c.kind.in_(kinds)).order_by(connections.c.id)).all()
        return [MailboxOwner(*row[:3]) for row in rows if protocol_of(row.settings) is not MailboxProtocol.NONE]

    def open(self, owner: MailboxOwner) -> Mailbox | None:
        """Return a mailbox, open; None where the connection has none any more.

        Raises:
            NotFound: If the connection is gone.
            Unavailable: If its secrets can't be read, or if it can't be opened; says why.
        """
        return stored_mailbox(self._db, self._vault, owner.workspace_id, owner.connection_id)

    def note(self, owner: MailboxOwner, problem: str = "") -> None:
        """Keep what came of reading a mailbox, for the people who look at the connection.

        Args:
            owner: Whose mailbox.
            problem: Why it could not be read; empty where it could.
        """
        now, column = self._clock.now(), mailbox_reads.c
        first = {"connection_id": owner.connection_id, "workspace_id": owner.workspace_id, "tried_at": now, "problem": ""}
        changed = {"tried_at": now, "problem": problem[:_LONGEST_PROBLEM]} | ({} if problem else {"read_at": now})
        with self._db.transaction() as connection:
            is_there = connection.execute(sa.select(connections.c.id).where(connections.c.id == owner.connection_id).with_for_update())
            if is_there.first() is None:
                return  # removed while its mailbox was read
            insert_or_ignore(connection, mailbox_reads, [first])
            connection.execute(sa.update(mailbox_reads).where(column.connection_id == owner.connection_id).values(**changed))
