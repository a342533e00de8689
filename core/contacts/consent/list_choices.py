"""Lists people leave or join of their own will: who left one is put back by nothing but a new consent of theirs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.contacts.changes import mark_changed
from core.contacts.consent.askings import ask_no_more
from core.contacts.consent.evidence import ConsentPurpose, Evidence
from core.contacts.consent.records import About, ConsentStatus, add_records, has_joined_since, has_refused_since
from core.contacts.tables import contacts, list_members, list_optouts, lists
from core.storage.database import insert_or_ignore


def leave_list(
    connection: sa.Connection,
    workspace_id: int,
    contact_id: int,
    list_id: int,
    change: int,
    evidence: Evidence,
    now: datetime,
    about: About | None = None,
) -> bool:
    """Take somebody off a list who says so, for good; return whether they were not off it already.

    What they were asked about it is closed. Whoever has agreed to it since they said so stays on it.

    Args:
        connection: The caller's transaction.
        workspace_id: Whose list and contact.
        contact_id: Who; the caller knows that they are there.
        list_id: The list; one that is not there is passed over.
        change: The number of this change, from `next_change`.
        evidence: How we know.
        now: The time.
        about: The message whose link was used.
    """
    if list_id not in own_lists(connection, workspace_id, [list_id]):
        return False
    if has_joined_since(connection, workspace_id, contact_id, now, list_id):
        return False
    row = {"list_id": list_id, "contact_id": contact_id, "workspace_id": workspace_id, "since": now}
    was_asked = ask_no_more(connection, contact_id, list_id, now)
    here = sa.and_(list_members.c.list_id == list_id, list_members.c.contact_id == contact_id)
    left = connection.execute(sa.delete(list_members).where(here)).rowcount
    if not insert_or_ignore(connection, list_optouts, [row]) and not left and not was_asked:
        return False
    mark_changed(connection, workspace_id, change, contacts.c.id == contact_id)
    add_records(connection, workspace_id, [contact_id], ConsentStatus.UNSUBSCRIBED, evidence, now, _of_list(list_id, about))
    return True


def join_list(
    connection: sa.Connection,
    workspace_id: int,
    contact_id: int,
    list_id: int,
    change: int,
    evidence: Evidence,
    now: datetime,
    about: About | None = None,
) -> bool:
    """Put somebody on a list who says so, whether or not they left it before; return whether they were not on it. See `leave_list`."""
    if list_id not in own_lists(connection, workspace_id, [list_id]):
        return False
    if has_refused_since(connection, workspace_id, contact_id, now, list_id):
        return False  # they left it after they said this
    gone = sa.and_(list_optouts.c.list_id == list_id, list_optouts.c.contact_id == contact_id)
    connection.execute(sa.delete(list_optouts).where(gone))
    row = {"list_id": list_id, "contact_id": contact_id, "workspace_id": workspace_id, "added_at": now}
    joined = insert_or_ignore(connection, list_members, [row]) > 0
    if joined:
        mark_changed(connection, workspace_id, change, contacts.c.id == contact_id)
    add_records(connection, workspace_id, [contact_id], ConsentStatus.SUBSCRIBED, evidence, now, _of_list(list_id, about))
    return joined


def own_lists(connection: sa.Connection, workspace_id: int, list_ids: Sequence[int]) -> list[int]:
    """Return those of these lists that the workspace has, in order."""
    mine = sa.select(lists.c.id).where(lists.c.workspace_id == workspace_id, lists.c.id.in_(list_ids))
    return list(connection.execute(mine.order_by(lists.c.id)).scalars())


def has_left(list_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that the contact of the enclosing statement left a list of their own will."""
    left = list_optouts.c
    return sa.exists().where(left.list_id == list_id, left.contact_id == contacts.c.id).correlate(contacts)


def _of_list(list_id: int, about: About | None) -> About:
    return About(**(vars(about or About()) | {"purpose": ConsentPurpose.LIST, "list_id": list_id}))
