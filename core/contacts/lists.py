"""Lists: people put together by hand or by an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import normalise
from core.contacts.changes import mark_changed, next_change
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.joining import ask_touched, check_from_name
from core.contacts.consent.list_choices import has_left
from core.contacts.list_names import MAX_NAME, check_list_name, find_list, list_named
from core.contacts.membership import is_on_list, join_changed
from core.contacts.tables import contacts, list_members, lists
from core.contacts.visibility import seen_lists, seen_one_by_one
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, chunked

_CHUNK = 10_000


@dataclass(frozen=True)
class ContactList:
    """A list and how many people are on it.

    Args:
        id: Its number.
        name: Its name.
        size: How many people are on it.
        created_at: When it was made.
        double_opt_in: Whether whoever is to join is asked by mail first.
        from_email: Who that mail is from; may be empty.
        from_name: Their name; may be empty.
    """

    id: int
    name: str
    size: int
    created_at: datetime
    double_opt_in: bool = False
    from_email: str = ""
    from_name: str = ""


class Lists:
    """Makes, fills, shows and deletes lists; to somebody limited to some lists, the others are not there.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def create(self, by: Principal, name: str) -> ContactList:
        """Make a list.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If the name is empty or too long.
            Conflict: If there is a list of that name.
        """
        by.require(Permission.CONTACTS_EDIT)
        if by.lists is not None:  # they could not see the list they made
            raise Denied(
                "You can use the lists you were given, not make new ones.", hint="An admin of this workspace can make one for you."
            )
        with self._db.transaction() as connection:
            if find_list(connection, by.workspace_id, check_list_name(name)) is not None:
                raise Conflict(f"There is a list called “{name.strip()}” already.", hint="Choose another name or use that list.")
            made = self._read(connection, by, list_named(connection, by.workspace_id, name, self._clock.now()))
            self._note(connection, by, AuditAction.LIST_CREATED, made.id, after={"name": made.name})
            return made

    def all(self, by: Principal) -> list[ContactList]:
        """Return every list `by` may see, by name.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return [_as_list(row) for row in connection.execute(_select(by).order_by(lists.c.name))]

    def names(self, by: Principal) -> dict[int, str]:
        """Return what the lists `by` may see are called, by their numbers, in the order of the names; quicker than counting who is on them.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        mine = (lists.c.workspace_id == by.workspace_id, *seen_lists(by))
        with self._db.read() as connection:
            return {row.id: row.name for row in connection.execute(sa.select(lists.c.id, lists.c.name).where(*mine).order_by(lists.c.name))}

    def get(self, by: Principal, list_id: int) -> ContactList:
        """Return a list.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return self._read(connection, by, list_id)

    def by_name(self, by: Principal, name: str) -> ContactList:
        """Return the list of that name.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            row = connection.execute(_select(by).where(lists.c.name == name.strip())).one_or_none()
        if row is None:
            raise NotFound(f"There is no list called “{name.strip()[:MAX_NAME]}”.", hint="Import contacts into it or choose another one.")
        return _as_list(row)

    def rename(self, by: Principal, list_id: int, name: str) -> ContactList:
        """Give a list another name.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If the name is empty or too long.
            Conflict: If another list has that name.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        wanted = check_list_name(name)
        with self._db.transaction() as connection:
            before = self._read(connection, by, list_id)
            if find_list(connection, by.workspace_id, wanted) not in {None, list_id}:
                raise Conflict(f"The name “{wanted}” is taken.", hint="Choose another name.")
            connection.execute(sa.update(lists).where(_this(by, list_id)).values(name=wanted))
            self._note(connection, by, AuditAction.LIST_RENAMED, list_id, before={"name": before.name}, after={"name": wanted})
            return self._read(connection, by, list_id)

    def set_opt_in(self, by: Principal, list_id: int, *, double_opt_in: bool, from_email: str = "", from_name: str = "") -> ContactList:
        """Say whether whoever is to join a list is asked by mail first; who is on it stays.

        Args:
            by: Who asks.
            list_id: The list.
            double_opt_in: Whether.
            from_email: Who the mail is from; may be empty where nobody is asked.
            from_name: Their name; may be empty.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If nobody is named to ask, or the sender can't be used.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        if double_opt_in and not from_email.strip():
            raise InvalidInput("Say who the mail that asks is from.", hint="Enter an address you send from, like news@example.com.")
        sender = {"from_email": normalise(from_email) if from_email.strip() else "", "from_name": check_from_name(from_name)}
        with self._db.transaction() as connection:
            before = _asking(connection, by, list_id)
            connection.execute(sa.update(lists).where(_this(by, list_id)).values(double_opt_in=double_opt_in, **sender))
            was, now = {"double_opt_in": before}, {"double_opt_in": double_opt_in}
            self._note(connection, by, AuditAction.LIST_CHANGED, list_id, before=was, after=now)
            return self._read(connection, by, list_id)

    def delete(self, by: Principal, list_id: int) -> None:
        """Delete a list; the people on it stay.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        members = sa.select(list_members.c.contact_id).where(list_members.c.list_id == list_id)
        with self._db.transaction() as connection:
            gone = self._read(connection, by, list_id)
            mark_changed(connection, by.workspace_id, next_change(connection, by.workspace_id), contacts.c.id.in_(members))
            connection.execute(sa.delete(list_members).where(list_members.c.list_id == list_id))
            connection.execute(sa.delete(lists).where(_this(by, list_id)))
            self._note(connection, by, AuditAction.LIST_DELETED, list_id, before={"name": gone.name, "people": gone.size})

    def add(self, by: Principal, list_id: int, contact_ids: Sequence[int], *, consent_held: bool = False) -> int:
        """Put contacts on a list and return how many were not on it, or were asked; those that are not there are passed over.

        A list with double opt-in asks them by mail instead, unless it is said that their consent is held; who left a list of
        their own will is not put back.

        Args:
            by: Who asks.
            list_id: The list.
            contact_ids: Who.
            consent_held: Whether it can be shown already that they agreed to be on it.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            asks = _asking(connection, by, list_id) and not consent_held
            added = sum(self._join(connection, by, list_id, chunk, asks=asks) for chunk in chunked(contact_ids, _CHUNK))
            if added:
                self._note(connection, by, AuditAction.LIST_MEMBERS_ADDED, list_id, after={"people": added})
        return added

    def remove(self, by: Principal, list_id: int, contact_ids: Sequence[int]) -> int:
        """Take contacts off a list and return how many were on it.

        Raises:
            Denied: If `by` may not edit contacts.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        member, removed = list_members.c, 0
        with self._db.transaction() as connection:
            _asking(connection, by, list_id)
            change = next_change(connection, by.workspace_id)
            for chunk in chunked(contact_ids, _CHUNK):
                here = sa.and_(member.list_id == list_id, member.contact_id.in_(chunk))
                mark_changed(connection, by.workspace_id, change, contacts.c.id.in_(sa.select(member.contact_id).where(here)))
                removed += connection.execute(sa.delete(list_members).where(here)).rowcount
            if removed:
                self._note(connection, by, AuditAction.LIST_MEMBERS_REMOVED, list_id, after={"people": removed})
        return removed

    def _note(self, connection: sa.Connection, by: Principal, what: AuditAction, list_id: int, **values: Mapping[str, object]) -> None:
        record(connection, self._clock.now(), by, what, f"list:{list_id}", **values)

    def _join(self, connection: sa.Connection, by: Principal, list_id: int, ids: Sequence[int], *, asks: bool) -> int:
        change = next_change(connection, by.workspace_id)  # one for each part: who was asked with an earlier one is not asked again
        new = (contacts.c.id.in_(ids), ~is_on_list(list_id), ~has_left(list_id))
        mark_changed(connection, by.workspace_id, change, *new, *seen_one_by_one(by))
        if asks:
            evidence = Evidence.of(by, f"list:{list_id}")
            return ask_touched(connection, self._db, self._clock, by.workspace_id, list_id, change, evidence)
        return join_changed(connection, by.workspace_id, list_id, change, self._clock.now())

    def _read(self, connection: sa.Connection, by: Principal, list_id: int) -> ContactList:
        row = connection.execute(_select(by).where(lists.c.id == list_id)).one_or_none()
        if row is None:
            raise _no_such_list()
        return _as_list(row)


def _this(by: Principal, list_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(lists.c.workspace_id == by.workspace_id, lists.c.id == list_id, *seen_lists(by))


def _asking(connection: sa.Connection, by: Principal, list_id: int) -> bool:
    """Return whether a list asks who is to join it; without counting who is on it, for this is asked while others wait to write."""
    found = connection.execute(sa.select(lists.c.double_opt_in).where(_this(by, list_id))).scalar()
    if found is None:
        raise _no_such_list()
    return bool(found)


def _no_such_list() -> NotFound:
    return NotFound("There is no such list.", hint="It may have been deleted; choose another one.")


def _select(by: Principal) -> sa.Select[Any]:
    size = sa.select(sa.func.count()).where(list_members.c.list_id == lists.c.id).scalar_subquery()
    asking = (lists.c.double_opt_in, lists.c.from_email, lists.c.from_name)
    wanted = sa.select(lists.c.id, lists.c.name, size.label("size"), lists.c.created_at, *asking)
    return wanted.where(lists.c.workspace_id == by.workspace_id, *seen_lists(by))


def _as_list(row: sa.Row[Any]) -> ContactList:
    return ContactList(row.id, row.name, row.size, row.created_at, row.double_opt_in, row.from_email, row.from_name)
