"""Putting tags on people inside a transaction of somebody else's, and the tag of a name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.contacts.changes import mark_changed, next_change
from core.contacts.person_tables import contact_tags, tags
from core.contacts.tables import contacts
from core.contacts.visibility import require_known
from core.errors import InvalidInput
from core.permissions import Principal
from core.storage.database import among, chunked, insert_or_ignore, insert_or_ignore_from

MAX_NAME = 100
MAX_TAGS = 5_000
_CHUNK = 10_000


def check_tag_name(name: str) -> str:
    """Return a tag's name in its one spelling: trimmed, single spaces.

    Raises:
        InvalidInput: If it is empty, too long, or holds a comma (which separates tags in files) or control characters.
    """
    wanted = " ".join(name.split())
    if not wanted or len(wanted) > MAX_NAME or not wanted.isprintable() or "," in wanted:
        raise InvalidInput("This can’t be a tag.", hint=f"Use 1 to {MAX_NAME} characters on one line, without commas.")
    return wanted


def tag_in(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], names: Iterable[str], now: datetime) -> int:
    """Put tags on contacts inside the caller's transaction, making those there are none of; return how many were not there yet.

    Args:
        connection: The caller's transaction.
        workspace_id: Whose contacts and tags.
        contact_ids: Who gets all of these tags; unknown and other workspaces' ids are passed over.
        names: The tags, in any spelling.
        now: The time.

    Raises:
        InvalidInput: If a name can't be used, or there would be too many tags.
    """
    wanted = [check_tag_name(name) for name in names]
    if not wanted:
        return 0
    change = next_change(connection, workspace_id)
    ids = sorted(tags_named(connection, workspace_id, wanted, now).values())
    return sum(_put(connection, workspace_id, change, tag_id, chunk, now) for tag_id in ids for chunk in chunked(contact_ids, _CHUNK))


def require_tags(connection: sa.Connection, by: Principal, names: Iterable[str]) -> None:
    """Do nothing if `by` may put these tags on people: somebody limited to some lists takes those there are.

    Raises:
        Denied: If they may not.
    """
    if by.lists is not None:
        wanted = {name_key(name) for name in names}
        require_known(by, wanted - find_tags(connection, by.workspace_id, wanted).keys(), "tags")


def find_tags(connection: sa.Connection, workspace_id: int, names: Iterable[str]) -> dict[str, int]:
    """Return the ids of the tags of these names, by the name as it is compared; those there are not are left out."""
    keys = sorted({name_key(name) for name in names})
    if not keys:
        return {}
    wanted = sa.select(tags.c.name_key, tags.c.id).where(tags.c.workspace_id == workspace_id, tags.c.name_key.in_(among(connection, keys)))
    return {row.name_key: row.id for row in connection.execute(wanted)}


def has_tag(tag_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that the contact of the enclosing statement has a tag."""
    column = contact_tags.c
    return sa.exists().where(column.tag_id == tag_id, column.contact_id == contacts.c.id).correlate(contacts)


def tags_named(connection: sa.Connection, workspace_id: int, names: Sequence[str], now: datetime) -> dict[str, int]:
    """Return the tags of these names, making those there are none of."""
    spelled = {name_key(name): name for name in reversed(names)}
    known = find_tags(connection, workspace_id, names)
    new = [{"workspace_id": workspace_id, "name": spelled[key], "name_key": key, "created_at": now} for key in spelled if key not in known]
    if not new:
        return known
    there = connection.execute(sa.select(sa.func.count()).select_from(tags).where(tags.c.workspace_id == workspace_id)).scalar_one()
    if there + len(new) > MAX_TAGS:
        raise InvalidInput(f"A workspace can have {MAX_TAGS:,} tags.", hint="Delete some you no longer need, or use an attribute.")
    insert_or_ignore(connection, tags, new)
    return find_tags(connection, workspace_id, names)


def _put(connection: sa.Connection, workspace_id: int, change: int, tag_id: int, ids: Sequence[int], now: datetime) -> int:
    mine = (contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, ids)), ~has_tag(tag_id))
    mark_changed(connection, workspace_id, change, *mine)
    moment = sa.literal(now, contact_tags.c.added_at.type)
    missing = sa.select(sa.literal(tag_id), contacts.c.id, contacts.c.workspace_id, moment).where(*mine)
    return insert_or_ignore_from(connection, contact_tags, ["tag_id", "contact_id", "workspace_id", "added_at"], missing)


def name_key(name: str) -> str:
    """Return a tag's name as it is compared: in any case, with single spaces."""
    return " ".join(name.split()).casefold()
