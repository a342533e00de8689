"""Exporting contacts as CSV, row by row, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import declared
from core.contacts.lists import is_on_list
from core.contacts.tables import contacts, list_members, lists
from core.contacts.visibility import Conditions, seen_lists, seen_one_by_one, sees_list
from core.formulas import unformula
from core.permissions import Permission, Principal
from core.storage.database import Database, chunked

_CHUNK = 5_000
_COLUMNS = tuple(contacts.c[name] for name in ("id", "email", "first_name", "last_name", "consent", "attributes"))
_FIXED = ("email", "first_name", "last_name", "consent", "lists")


class ContactExport:
    """Writes contacts out; for somebody limited to some lists, the people on them, and no other list is named.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def stream_csv(self, by: Principal, *, list_id: int | None = None, contact_ids: Sequence[int] | None = None) -> Iterator[str]:
        """Yield a CSV in pieces: a header, then a line per contact, oldest first.

        Columns: email, first_name, last_name, consent, lists (names, separated by `; `) and one per declared attribute.

        Args:
            by: Who exports.
            list_id: Only people on this list.
            contact_ids: Only these people.

        Raises:
            Denied: If `by` may not export contacts; before the first piece.
        """
        by.require(Permission.CONTACTS_EXPORT)
        where = _conditions(by, list_id)
        self._note(by, where, list_id, contact_ids)
        return self._pieces(by, where, contact_ids)

    def _note(self, by: Principal, where: Conditions, list_id: int | None, contact_ids: Sequence[int] | None) -> None:
        """Put it on record before anything leaves."""
        target = f"workspace:{by.workspace_id}" if list_id is None else f"list:{list_id}"
        with self._db.transaction() as connection:
            after = {"people": _count(connection, where, contact_ids)}
            record(connection, self._clock.now(), by, AuditAction.CONTACTS_EXPORTED, target, after=after)

    def _pieces(self, by: Principal, where: Conditions, contact_ids: Sequence[int] | None) -> Iterator[str]:
        with self._db.read() as connection:  # one state from the first line to the last
            names = list(declared(connection, by.workspace_id))
            yield _as_csv([[*_FIXED, *names]])
            for rows in _chunks(connection, where, contact_ids):
                on = _list_names(connection, by, [row.id for row in rows])
                yield _as_csv([_line(row, on.get(row.id, []), names) for row in rows])


def _conditions(by: Principal, list_id: int | None) -> Conditions:
    mine: Conditions = [contacts.c.workspace_id == by.workspace_id]
    if list_id is None:
        return [*mine, *seen_one_by_one(by)]
    return [*mine, is_on_list(list_id) if sees_list(by, list_id) else sa.false()]


def _chunks(connection: sa.Connection, where: Conditions, contact_ids: Sequence[int] | None) -> Iterator[Sequence[sa.Row[Any]]]:
    wanted = sa.select(*_COLUMNS).where(*where).order_by(contacts.c.id).limit(_CHUNK)
    if contact_ids is not None:
        for ids in chunked(sorted(set(contact_ids)), _CHUNK):
            if found := connection.execute(wanted.where(contacts.c.id.in_(ids))).all():
                yield found
        return
    after = 0
    while found := connection.execute(wanted.where(contacts.c.id > after)).all():
        yield found
        after = found[-1].id


def _count(connection: sa.Connection, where: Conditions, contact_ids: Sequence[int] | None) -> int:
    wanted = sa.select(sa.func.count()).select_from(contacts).where(*where)
    if contact_ids is None:
        return connection.execute(wanted).scalar_one()
    chunks = chunked(sorted(set(contact_ids)), _CHUNK)
    return sum(connection.execute(wanted.where(contacts.c.id.in_(ids))).scalar_one() for ids in chunks)


def _list_names(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> dict[int, list[str]]:
    named: dict[int, list[str]] = {}
    joined = sa.select(list_members.c.contact_id, lists.c.name).join_from(list_members, lists)
    mine = joined.where(lists.c.workspace_id == by.workspace_id, *seen_lists(by))
    for row in connection.execute(mine.where(list_members.c.contact_id.in_(ids)).order_by(lists.c.name)):
        named.setdefault(row.contact_id, []).append(row.name)
    return named


def _line(row: sa.Row[Any], on: list[str], names: Sequence[str]) -> list[str]:
    fixed = (row.email, row.first_name, row.last_name, row.consent, "; ".join(on))
    return [*map(unformula, fixed), *(_as_text(row.attributes.get(name)) for name in names)]


def _as_text(value: Any) -> str:
    """Return a value as text; a number is no formula, not even a negative one."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return unformula(value) if isinstance(value, str) else str(value)


def _as_csv(lines: Sequence[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(lines)
    return out.getvalue()
