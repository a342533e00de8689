"""Who is on a list: the condition, and how an import's people get there."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.contacts.consent.list_choices import has_left
from core.contacts.tables import contacts, list_members
from core.storage.database import insert_or_ignore_from


def is_on_list(list_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that the contact of the enclosing statement is on a list."""
    member = list_members.c
    return sa.exists().where(member.list_id == list_id, member.contact_id == contacts.c.id).correlate(contacts)


def join_changed(
    connection: sa.Connection, workspace_id: int, list_id: int, change: int, now: datetime, *which: sa.ColumnElement[bool]
) -> int:
    """Put those whom this change touched on a list, unless already on it or they left it themselves; return how many joined.

    Args:
        connection: The caller's transaction.
        workspace_id: Whose list.
        list_id: The list.
        change: The number that those carry who were touched.
        now: The time.
        which: Conditions on contacts, where not all of them are to join.
    """
    moment = sa.literal(now, list_members.c.added_at.type)
    touched = sa.select(sa.literal(list_id), contacts.c.id, contacts.c.workspace_id, moment).where(
        contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, ~has_left(list_id), *which
    )
    return insert_or_ignore_from(connection, list_members, ["list_id", "contact_id", "workspace_id", "added_at"], touched)
