"""Walking through contacts, some thousand at a time, as frames of text: what every format is written from.

Each step is a read of its own. One read from the first line to the last would hold a connection, and keep the database from
tidying up, for as long as whoever downloads takes. Nobody is missing or there twice for it: people are walked by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa

from core.contacts.consent.evidence import ConsentPurpose
from core.contacts.export.columns import ExportColumn
from core.contacts.imports.mapping import ATTRIBUTE
from core.contacts.person_tables import contact_tags, tags
from core.contacts.suppression.suppressed import is_suppressed
from core.contacts.tables import consent_records, contacts, list_members, lists
from core.contacts.visibility import Conditions, seen_lists
from core.permissions import Principal
from core.storage.database import Database, among

CHUNK = 5_000
_FIRST_CHUNK = 1_000  # whoever waits sees the first people at once
_FIELDS = ("email", "first_name", "last_name", "consent", "source", "created_at", "updated_at")
Texts = list[str | None]


@dataclass(frozen=True)
class Walk:
    """Who is exported.

    Args:
        by: For whom.
        where: Conditions on the contacts.
        contact_ids: Only these people, in order; None for all that meet the conditions.
    """

    by: Principal
    where: Conditions
    contact_ids: Sequence[int] | None = None

    def count(self, connection: sa.Connection) -> int:
        """Return how many there are."""
        wanted = sa.select(sa.func.count()).select_from(contacts).where(*self.where)
        if self.contact_ids is not None:
            wanted = wanted.where(contacts.c.id.in_(among(connection, self.contact_ids)))
        return connection.execute(wanted).scalar_one()


def frames(db: Database, walk: Walk, columns: Sequence[ExportColumn]) -> Iterator[pl.DataFrame]:
    """Yield the people in the order of their numbers; a frame has a column of text per heading, null where there is no value."""
    after, size, given = 0, _FIRST_CHUNK, walk.contact_ids
    while given is None or given:
        with db.read() as connection:
            statement = _people(columns).where(*walk.where)
            if given is None:
                statement = statement.where(contacts.c.id > after).limit(size)
            else:
                statement = statement.where(contacts.c.id.in_(among(connection, given[:size])))
                given = given[size:]
            people = connection.execute(statement).all()
            frame = _frame(connection, walk.by, people, columns) if people else None
        if frame is not None:
            after = people[-1].id
            yield frame
        elif given is None:
            return
        size = CHUNK


def _people(columns: Sequence[ExportColumn]) -> sa.Select[Any]:
    keys = {column.key for column in columns}
    read: list[sa.ColumnElement[Any]] = [contacts.c.id, *(contacts.c[name] for name in _FIELDS if name in keys)]
    if any(key.startswith(ATTRIBUTE) for key in keys):
        read.append(contacts.c.attributes)
    if "suppressed" in keys:
        read.append(is_suppressed().label("suppressed"))
    return sa.select(*read).order_by(contacts.c.id)


def _frame(connection: sa.Connection, by: Principal, people: Sequence[sa.Row[Any]], columns: Sequence[ExportColumn]) -> pl.DataFrame:
    read: dict[str, Sequence[Any]] = dict(zip(people[0]._fields, zip(*people, strict=True), strict=True))
    keys = {column.key for column in columns}
    for key, look_up in _LOOKED_UP.items():
        if keys & set(key.split()):
            read |= look_up(connection, by, read["id"])
    texts = {column.heading: pl.Series(_texts(column.key, read), dtype=pl.String) for column in columns}
    return pl.DataFrame(texts)


def _texts(key: str, read: dict[str, Sequence[Any]]) -> Texts:
    if key.startswith(ATTRIBUTE):
        name = key.removeprefix(ATTRIBUTE)
        return [as_text(attributes.get(name)) for attributes in read["attributes"]]
    return [as_text(value) for value in read[key]]


def as_text(value: Any) -> str | None:
    """Return a value as text that our import reads back as the same value; None for none."""
    if value is None or isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(Decimal(repr(value)), "f")
    return str(value)


def _list_names(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> dict[str, Sequence[Any]]:
    joined = sa.select(list_members.c.contact_id, lists.c.name).join_from(list_members, lists)
    mine = joined.where(lists.c.workspace_id == by.workspace_id, *seen_lists(by))
    rows = connection.execute(mine.where(list_members.c.contact_id.in_(among(connection, ids))).order_by(lists.c.name))
    return {"lists": _joined(rows, ids, "; ")}


def _tag_names(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> dict[str, Sequence[Any]]:
    joined = sa.select(contact_tags.c.contact_id, tags.c.name).join_from(contact_tags, tags, contact_tags.c.tag_id == tags.c.id)
    mine = joined.where(tags.c.workspace_id == by.workspace_id, contact_tags.c.contact_id.in_(among(connection, ids)))
    return {"tags": _joined(connection.execute(mine.order_by(tags.c.name)), ids, ", ")}  # no tag has a comma


def _consents(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> dict[str, Sequence[Any]]:
    """Return since when people's consent stands as it does, and how we know; what they said about a list or a sale is not that."""
    c = consent_records.c
    mine = (c.workspace_id == by.workspace_id, c.contact_id.in_(among(connection, ids)), c.purpose == ConsentPurpose.EVERYTHING.value)
    rows = connection.execute(sa.select(c.contact_id, c.occurred_at, c.source).where(*mine).order_by(c.occurred_at, c.id))
    found = {row.contact_id: (row.occurred_at, row.source) for row in rows}  # the last one said stays
    known = [found.get(contact_id, (None, None)) for contact_id in ids]
    return {"consent_at": [at for at, _ in known], "consent_source": [source for _, source in known]}


_LOOKED_UP: dict[str, Callable[[sa.Connection, Principal, Sequence[int]], dict[str, Sequence[Any]]]] = {
    "lists": _list_names,
    "tags": _tag_names,
    "consent_at consent_source": _consents,
}


def _joined(rows: sa.CursorResult[Any], ids: Sequence[int], separator: str) -> list[str]:
    """Return for each person the names found for them."""
    named: dict[int, list[str]] = {}
    for row in rows:
        named.setdefault(row.contact_id, []).append(row.name)
    return [separator.join(named.get(contact_id, ())) for contact_id in ids]
