"""Looking through contacts: a page of them and how many there are, as quick with a million as with ten.

The database finds somebody by address or number at once, but to look for a part of a name it has to walk through everybody (measured
with 1,000,000 contacts: half a second on SQLite), and an index of all parts would make every import twice as slow. The snapshot that
segments are asked of can be searched as well, so it is asked, together with the few who changed since, whom the database finds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.clock import Clock
from core.contacts.choosing import Choice, in_database, in_snapshot
from core.contacts.lookup import CONTACT_COLUMNS, Contact, as_contact
from core.contacts.person_tables import contact_tags, tags
from core.contacts.snapshot_rows import ROW_SCHEMA, tombstones
from core.contacts.suppression.suppressed import is_suppressed
from core.contacts.tables import contacts
from core.permissions import Permission, Principal
from core.storage.database import Database, among
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Dataset, Lake

_FOUND = """
    with found as (
        select id from contacts_snapshot where {condition}
            and id not in (select id from contacts_changed) and id not in (select id from contacts_gone)
        union all select id from contacts_matching
    )
"""


@dataclass(frozen=True)
class Row:
    """Somebody in the table.

    Args:
        contact: Who.
        source: Where they came from.
        tags: Names of their tags, in order.
        suppressed: Whether nobody may write to the address.
    """

    contact: Contact
    source: str
    tags: tuple[str, ...]
    suppressed: bool


@dataclass(frozen=True)
class DirectoryPage:
    """Some people, newest first, and how many match in all."""

    rows: list[Row]
    total: int


class Directory:
    """Looks through contacts; somebody limited to some lists sees the people on them only.

    Args:
        db: The database.
        clock: The time.
        lake: Where the snapshot is.
        engine: Where it is searched.
        most_changes: With more changes since the snapshot the database alone is asked, until the next one, within a minute.
    """

    def __init__(self, db: Database, clock: Clock, lake: Lake, engine: AnalyticsEngine, most_changes: int = 60_000) -> None:
        self._db, self._clock, self._lake, self._engine, self._most_changes = db, clock, lake, engine, most_changes

    def page(self, by: Principal, choice: Choice | None = None, *, limit: int = 50, offset: int = 0) -> DirectoryPage:
        """Return some of the people who match, newest first, and how many do.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        found = self._find(by, choice or Choice(), "select (select count(*) from found) as total, id from found", limit, offset, None)
        with self._db.read() as connection:
            return DirectoryPage(_rows(connection, by, found.ids), found.total)

    def before(self, by: Principal, before_number: int | None, limit: int, choice: Choice | None = None) -> list[Row]:
        """Return people who match, newest first, from one on; nobody is seen twice or missed because others came meanwhile.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        found = self._find(by, choice or Choice(), "select 0 as total, id from found", limit, 0, before_number)
        with self._db.read() as connection:
            return _rows(connection, by, found.ids)

    def ids(self, by: Principal, choice: Choice | None = None) -> list[int]:
        """Return the numbers of everybody who matches, newest first.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        return self._find(by, choice or Choice(), "select 0 as total, id from found", None, 0, None).ids

    def _find(self, by: Principal, choice: Choice, wanted: str, limit: int | None, offset: int, before: int | None) -> _Found:
        with self._db.read() as connection:
            is_everybody = choice == Choice() and by.lists is None  # in the order of the key: found at once
            delta = None if is_everybody else self._delta(connection, by, choice)
            if delta is None:
                return _in_database(connection, by, choice, limit, offset, before, counted="count(*)" in wanted)
        condition, values = in_snapshot(by, choice)
        ending = " where id < $before" if before is not None else ""
        values |= {} if before is None else {"before": before}
        cut = "" if limit is None else f" limit {int(limit)} offset {int(offset)}"
        with self._engine.session(by.workspace_id, since=self._clock.now()) as session:  # no events are looked at
            session.add_files("contacts_snapshot", [delta.path], ROW_SCHEMA)
            session.add_table("contacts_changed", delta.changed)
            session.add_table("contacts_gone", delta.gone)
            session.add_table("contacts_matching", delta.matching)
            found = session.table(f"{_FOUND.format(condition=condition)} {wanted}{ending} order by id desc{cut}", values)
            ids = found.column("id").to_pylist()
            total = found.column("total")[0].as_py() if ids else 0
            if not ids and offset and "count(*)" in wanted:  # a page beyond the end
                total = session.value(f"{_FOUND.format(condition=condition)} select count(*) from found", values)
        return _Found(ids, total)

    def _delta(self, connection: sa.Connection, by: Principal, choice: Choice) -> _Delta | None:
        """Return the snapshot and what changed since, or None where the database is better asked alone."""
        files = self._lake.files(connection, by.workspace_id, Dataset.CONTACTS)
        if not files:
            return None
        mark = files[-1].watermark or 0
        since = (contacts.c.workspace_id == by.workspace_id, contacts.c.updated_seq > mark)
        changed = connection.execute(sa.select(contacts.c.id).where(*since).limit(self._most_changes + 1)).scalars().all()
        if len(changed) > self._most_changes:
            return None
        matching = sa.select(contacts.c.id).where(*since, *in_database(by, choice, together=False))
        return _Delta(
            str(files[-1].path),
            _numbers(changed),
            tombstones(connection, by.workspace_id, mark),
            _numbers(connection.execute(matching).scalars().all() if changed else []),
        )


@dataclass(frozen=True)
class _Found:
    ids: list[int]
    total: int


@dataclass(frozen=True)
class _Delta:
    """The snapshot's file, and the numbers of those who changed since, who are gone, and who changed and match."""

    path: str
    changed: pa.Table
    gone: pa.Table
    matching: pa.Table


def _numbers(ids: Sequence[int]) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64())})


def _in_database(
    connection: sa.Connection, by: Principal, choice: Choice, limit: int | None, offset: int, before: int | None, *, counted: bool
) -> _Found:
    where = in_database(by, choice)
    total = connection.execute(sa.select(sa.func.count()).select_from(contacts).where(*where)).scalar_one() if counted else 0
    if before is not None:
        where.append(contacts.c.id < before)
    wanted = sa.select(contacts.c.id).where(*where).order_by(contacts.c.id.desc()).limit(limit).offset(offset or None)
    return _Found(list(connection.execute(wanted).scalars()), total)


def _rows(connection: sa.Connection, by: Principal, ids: Sequence[int]) -> list[Row]:
    """Return these people in this order; who was deleted meanwhile is left out."""
    if not ids:
        return []
    column = contact_tags.c
    here = among(connection, ids)
    named = sa.select(column.contact_id, tags.c.name).join_from(contact_tags, tags, tags.c.id == column.tag_id)
    tagged: dict[int, list[str]] = {}
    for contact_id, name in connection.execute(named.where(column.contact_id.in_(here)).order_by(tags.c.name_key)):
        tagged.setdefault(contact_id, []).append(name)
    mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.id.in_(here))
    wanted = sa.select(*CONTACT_COLUMNS, contacts.c.source, is_suppressed().label("suppressed")).where(*mine)
    rows = {row.id: _row(row, tagged.get(row.id, [])) for row in connection.execute(wanted)}
    return [rows[one] for one in ids if one in rows]


def _row(row: Any, tagged: Sequence[str]) -> Row:
    return Row(as_contact(row), row.source, tuple(tagged), bool(row.suppressed))
