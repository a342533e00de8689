"""Marking contacts as changed, so that snapshots and everything derived from them see it."""

from __future__ import annotations

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.storage.database import next_sequence
from core.storage.tables import sequences

SEQUENCE = "contacts"


def next_change(connection: sa.Connection, workspace_id: int) -> int:
    """Return the number of the change that this transaction is; everything it touches carries it.

    Take it before the first write to contacts: it locks the workspace's sequence, and a fixed order of locks can't
    deadlock on PostgreSQL.
    """
    return next_sequence(connection, workspace_id, SEQUENCE)


def latest_change(connection: sa.Connection, workspace_id: int) -> int:
    """Return the number of the latest change of a workspace's contacts, 0 if there was none: as long as it is the same, so are they."""
    wanted = sa.select(sequences.c.value).where(sequences.c.workspace_id == workspace_id, sequences.c.name == SEQUENCE)
    return connection.execute(wanted).scalar() or 0


def mark_changed(connection: sa.Connection, workspace_id: int, change: int, *where: sa.ColumnElement[bool]) -> int:
    """Give the contacts that match `where` the number of this change and return how many there are."""
    statement = sa.update(contacts).where(contacts.c.workspace_id == workspace_id, *where).values(updated_seq=change)
    return connection.execute(statement).rowcount
