"""Tags: words put on people, by hand, by an import or by a program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.changes import mark_changed, next_change
from core.contacts.person_tables import contact_tags, tags
from core.contacts.tables import contacts
from core.contacts.tagging import check_tag_name, find_tags, name_key, tag_in, tags_named
from core.contacts.visibility import require_known, seen_one_by_one, seen_together
from core.errors import Conflict, Denied, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, among, chunked

_CHUNK = 10_000


@dataclass(frozen=True)
class Tag:
    """A tag and how many of the people one may see have it."""

    id: int
    name: str
    size: int
    created_at: datetime


class Tags:
    """Makes, shows, renames and deletes tags, and puts them on people; who is limited to some lists touches the people on them only.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def all(self, by: Principal) -> list[Tag]:
        """Return every tag, by name.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return [_as_tag(row) for row in connection.execute(_select(by).order_by(tags.c.name_key))]

    def names(self, by: Principal) -> dict[int, str]:
        """Return what the tags are called, by their numbers, in the order of the names; quicker than counting who has them.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        mine = sa.select(tags.c.id, tags.c.name).where(tags.c.workspace_id == by.workspace_id)
        with self._db.read() as connection:
            return {row.id: row.name for row in connection.execute(mine.order_by(tags.c.name_key))}

    def get(self, by: Principal, tag_id: int) -> Tag:
        """Return a tag.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If this workspace has no such tag.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return _read(connection, by, tag_id)

    def create(self, by: Principal, name: str) -> Tag:
        """Make a tag.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If the name can't be used, or there are too many tags.
            Conflict: If there is a tag of that name.
        """
        _may_change(by)
        wanted = check_tag_name(name)
        with self._db.transaction() as connection:
            if find_tags(connection, by.workspace_id, [wanted]):
                raise Conflict(f"There is a tag “{wanted}” already.", hint="Choose another name or use that tag.")
            [tag_id] = tags_named(connection, by.workspace_id, [wanted], self._clock.now()).values()
            self._note(connection, by, AuditAction.TAG_CREATED, tag_id, after={"name": wanted})
            return _read(connection, by, tag_id)

    def rename(self, by: Principal, tag_id: int, name: str) -> Tag:
        """Give a tag another name; whoever has it keeps it.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If the name can't be used.
            Conflict: If another tag has that name.
            NotFound: If this workspace has no such tag.
        """
        _may_change(by)
        wanted = check_tag_name(name)
        with self._db.transaction() as connection:
            before = _read(connection, by, tag_id)
            if find_tags(connection, by.workspace_id, [wanted]).get(name_key(wanted), tag_id) != tag_id:
                raise Conflict(f"The name “{wanted}” is taken.", hint="Choose another name.")
            connection.execute(sa.update(tags).where(_this(by, tag_id)).values(name=wanted, name_key=name_key(wanted)))
            self._note(connection, by, AuditAction.TAG_RENAMED, tag_id, before={"name": before.name}, after={"name": wanted})
            return _read(connection, by, tag_id)

    def delete(self, by: Principal, tag_id: int) -> None:
        """Delete a tag; the people who had it stay.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            NotFound: If this workspace has no such tag.
        """
        _may_change(by)
        tagged = sa.select(contact_tags.c.contact_id).where(contact_tags.c.tag_id == tag_id)
        with self._db.transaction() as connection:
            gone = _read(connection, by, tag_id)
            mark_changed(connection, by.workspace_id, next_change(connection, by.workspace_id), contacts.c.id.in_(tagged))
            connection.execute(sa.delete(contact_tags).where(contact_tags.c.tag_id == tag_id))
            connection.execute(sa.delete(tags).where(_this(by, tag_id)))
            self._note(connection, by, AuditAction.TAG_DELETED, tag_id, before={"name": gone.name, "people": gone.size})

    def add(self, by: Principal, contact_ids: Sequence[int], name: str) -> int:
        """Put a tag on contacts, making it where there is none, and return how many did not have it.

        Raises:
            Denied: If `by` may not edit contacts, or the tag is new and they only see some lists.
            InvalidInput: If the name can't be used, or there are too many tags.
        """
        by.require(Permission.CONTACTS_EDIT)
        wanted = check_tag_name(name)
        with self._db.transaction() as connection:
            known = find_tags(connection, by.workspace_id, [wanted])
            if not known:
                require_known(by, [wanted], "tags")
            seen = _seen(connection, by, contact_ids)
            added = tag_in(connection, by.workspace_id, seen, [wanted], self._clock.now())
            [tag_id] = find_tags(connection, by.workspace_id, [wanted]).values()
            if added or not known:
                self._note(connection, by, AuditAction.TAG_ADDED, tag_id, after={"name": wanted, "people": added})
            return added

    def remove(self, by: Principal, contact_ids: Sequence[int], tag_id: int) -> int:
        """Take a tag off contacts and return how many had it.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If this workspace has no such tag.
        """
        by.require(Permission.CONTACTS_EDIT)
        removed, column = 0, contact_tags.c
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            tag = _read(connection, by, tag_id)
            for chunk in chunked(_seen(connection, by, contact_ids), _CHUNK):
                here = sa.and_(column.tag_id == tag_id, column.contact_id.in_(among(connection, chunk)))
                mark_changed(connection, by.workspace_id, change, contacts.c.id.in_(sa.select(column.contact_id).where(here)))
                removed += connection.execute(sa.delete(contact_tags).where(here)).rowcount
            if removed:
                self._note(connection, by, AuditAction.TAG_REMOVED, tag_id, after={"name": tag.name, "people": removed})
        return removed

    def of(self, by: Principal, contact_id: int) -> list[Tag]:
        """Return the tags of a contact, by name; none of somebody `by` may not see.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            seen = _seen(connection, by, [contact_id])
            has = sa.select(contact_tags.c.tag_id).where(contact_tags.c.contact_id.in_(seen))
            return [_as_tag(row) for row in connection.execute(_select(by).where(tags.c.id.in_(has)).order_by(tags.c.name_key))]

    def _note(self, connection: sa.Connection, by: Principal, what: AuditAction, tag_id: int, **values: Mapping[str, object]) -> None:
        record(connection, self._clock.now(), by, what, f"tag:{tag_id}", **values)


def _seen(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> list[int]:
    """Return those of these contacts who are there and whom `by` may see."""
    found: list[int] = []
    for chunk in chunked(ids, _CHUNK):
        mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.id.in_(among(connection, chunk)), *seen_one_by_one(by))
        found += connection.execute(sa.select(contacts.c.id).where(*mine)).scalars()
    return found


def _may_change(by: Principal) -> None:
    by.require(Permission.CONTACTS_EDIT)
    if by.lists is not None:  # a tag is everybody's, and so is its name
        raise Denied("You can use the tags there are, not change them.", hint="An admin of this workspace can.")


def _this(by: Principal, tag_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(tags.c.workspace_id == by.workspace_id, tags.c.id == tag_id)


def _read(connection: sa.Connection, by: Principal, tag_id: int) -> Tag:
    row = connection.execute(_select(by).where(tags.c.id == tag_id)).one_or_none()
    if row is None:
        raise NotFound("There is no such tag.", hint="It may have been deleted; choose another one.")
    return _as_tag(row)


def _select(by: Principal) -> sa.Select[Any]:
    size = sa.select(sa.func.count()).select_from(contact_tags).where(contact_tags.c.tag_id == tags.c.id)
    if by.lists is not None:
        size = size.where(contact_tags.c.contact_id.in_(sa.select(contacts.c.id).where(*seen_together(by))))
    return sa.select(tags.c.id, tags.c.name, size.scalar_subquery().label("size"), tags.c.created_at).where(
        tags.c.workspace_id == by.workspace_id
    )


def _as_tag(row: sa.Row[Any]) -> Tag:
    return Tag(row.id, row.name, row.size, row.created_at)
