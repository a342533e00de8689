"""The rows that are about a person, place by place, as they are exported."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa

from core.contacts.tables import imports
from core.errors import NotFound, PostwrightError
from core.messages.request_content import unseal
from core.messages.tables import requests
from core.privacy.registry import LAKE, PLACES, Place, table_of
from core.privacy.subjects import Subject, rows_of
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.schema import metadata
from core.storage.vault import Vault

Rows = Iterable[Mapping[str, Any]]

_AT_A_TIME = 5_000
_REFUSED, _EVENTS = "import_rows_refused", "events"
# A number tells a person nothing: beside these columns stands what the thing is called.
_CALLED = {"list_id": ("list", "lists"), "tag_id": ("tag", "tags"), "campaign_id": ("campaign", "campaigns")}
_RIGHTS = (
    "You may have wrong data corrected, have your data erased, object to its use, and complain to a supervisory authority.\n"
    "The files ending in .json are for programs, those ending in .csv for spreadsheets; both hold the same. Times are in UTC.\n"
)


class RowsAbout:
    """Finds them.

    Args:
        db: The database.
        engine: Reads the lake.
        blobs: Where rows of imports are that were refused.
        vault: Opens what single emails said.
    """

    def __init__(self, db: Database, engine: AnalyticsEngine, blobs: Blobs, vault: Vault) -> None:
        self._db, self._engine, self._blobs, self._vault = db, engine, blobs, vault

    def all(self, subject: Subject) -> dict[str, Callable[[], Rows]]:
        """Return by file name what yields the rows; each may be asked for several times."""
        made: dict[str, Callable[[], Rows]] = {}
        for place in reversed(PLACES):  # the profile first
            if place.exports and rows_of(place, subject) is not None:
                made[place.exports] = partial(self._of_table, place, subject)
        made[_EVENTS] = partial(self._events, subject)
        made[_REFUSED] = partial(self._refused, subject)
        return made

    def count_events(self, subject: Subject) -> int:
        """Return how many events of the lake are about somebody."""
        where, values = _event_conditions(subject)
        with self._engine.session(subject.workspace_id) as session:
            return int(session.value(f"select count(*) from events where {where}", values) or 0)

    def count_refused(self, subject: Subject) -> int:
        """Return how many refused rows of imports hold the address."""
        return sum(1 for _ in self._refused(subject))

    def words(self, subject: Subject, counts: Mapping[str, int], now: datetime) -> str:
        """Return what is told with the data: what each file is, what it is for, how long it is kept."""
        lines = [f"All that is kept about {subject.email}, as of {now:%Y-%m-%d %H:%M} UTC.", ""]
        for place in (*reversed(PLACES), *LAKE):
            if count := counts.get(place.exports):
                lines += [f"{place.exports} ({count:,})", f"  {place.what}. What for: {place.why}", f"  How long: {place.kept}", ""]
        if count := counts.get(_REFUSED):
            lines += [
                f"{_REFUSED} ({count:,})",
                "  Rows of imported files that could not be used. What for: so that they can be corrected.",
                "",
            ]
        return "\n".join([*lines, _RIGHTS])

    def _of_table(self, place: Place, subject: Subject) -> Iterator[dict[str, Any]]:
        table, condition = table_of(place), rows_of(place, subject)
        if table is None or condition is None:
            return
        hidden = {"workspace_id", *place.hides.split()}
        columns = [column for column in table.c if column.name not in hidden or column is requests.c.content]
        names: dict[tuple[str, int], str] = {}
        with self._db.read() as connection:
            found = connection.execution_options(yield_per=_AT_A_TIME).execute(
                sa.select(*columns).where(condition).order_by(*table.primary_key.columns)
            )
            for row in found.mappings():
                yield self._told(dict(row), names)

    def _told(self, row: dict[str, Any], names: dict[tuple[str, int], str]) -> dict[str, Any]:
        """Return a row with the names of what it names by number, and what a single email said."""
        for column, (word, table) in _CALLED.items():
            if isinstance(number := row.get(column), int):
                row[word] = self._name(table, number, names)
            elif column in row:
                row[word] = None
        if "content" in row:
            row |= self._opened(row.pop("content"))
        return row

    def _name(self, table: str, number: int, names: dict[tuple[str, int], str]) -> str | None:
        if (table, number) not in names and (known := metadata.tables.get(table)) is not None:
            with self._db.read() as connection:
                names[table, number] = connection.execute(sa.select(known.c.name).where(known.c.id == number)).scalar() or ""
        return names.get((table, number)) or None

    def _opened(self, sealed: str) -> dict[str, str | None]:
        """Return the words of a single email; none where they are gone, or were sealed with another key."""
        empty: dict[str, str | None] = {"from": None, "subject": None, "text": None}
        if not sealed:
            return empty
        try:
            content = unseal(sealed, self._vault)
        except PostwrightError:
            return empty
        return {"from": content.from_email, "subject": content.subject, "text": content.text}

    def _events(self, subject: Subject) -> Iterator[dict[str, Any]]:
        [place] = [each for each in LAKE if each.exports == _EVENTS]
        hidden = {"workspace_id", *place.hides.split()}
        columns = ", ".join(name for name in EVENT_SCHEMA.names if name not in hidden)
        where, values = _event_conditions(subject)
        names: dict[tuple[str, int], str] = {}
        sql = f"select {columns} from events where {where} order by occurred_at, event_id"
        with self._engine.session(subject.workspace_id) as session:
            for batch in session.batches(sql, values, _AT_A_TIME):
                for row in batch.to_pylist():
                    yield self._told(row, names)

    def _refused(self, subject: Subject) -> Iterator[dict[str, Any]]:
        """Yield rows of imports that were refused and hold the address."""
        kept = sa.select(imports.c.id, imports.c.refused_blob, imports.c.created_at)
        mine = (imports.c.workspace_id == subject.workspace_id, imports.c.refused_blob.is_not(None))
        with self._db.read() as connection:
            found = connection.execute(kept.where(*mine).order_by(imports.c.id)).all()
        for row in found:
            for refused in rows_with(self._blob(subject.workspace_id, row.refused_blob), subject.email):
                yield {"import": row.id, "imported_at": row.created_at, "row": refused}

    def _blob(self, workspace_id: int, key: str) -> bytes:
        try:
            return self._blobs.get(workspace_id, key)
        except NotFound:
            return b""


def _event_conditions(subject: Subject) -> tuple[str, dict[str, Any]]:
    conditions, values = ["lower(recipient) = $email"], {"email": subject.email}
    numbers: dict[str, Any] = {}
    if subject.contact_ids:
        conditions.append("contact_id in (select unnest($contacts))")
        numbers["contacts"] = list(subject.contact_ids)
    if subject.message_ids:
        conditions.append("message_id in (select unnest($messages))")
        numbers["messages"] = list(subject.message_ids)
    return " or ".join(conditions), {**values, **numbers}


def rows_with(data: bytes, email: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV that hold an address, by the names of its columns."""
    rows = csv.reader(io.StringIO(data.decode("utf-8-sig", "replace"), newline=""))
    header = next(rows, [])
    for row in rows:
        if any(email in cell.lower() for cell in row):
            yield {(header[place] if place < len(header) else str(place)): cell for place, cell in enumerate(row)}
