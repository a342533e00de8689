"""listmonk: `subscribers.csv` of its export.

The columns are uuid, email, name, attributes (a JSON object), status (enabled, disabled, blocklisted), created_at and updated_at, the
times as Go writes them (github.com/knadh/listmonk, cmd/subscribers.go). On which lists somebody is, and whether they confirmed,
it does not say: the person who exports chooses the list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

import polars as pl

from core.contacts.attributes import clean_name
from core.contacts.imports.files.staging import written
from core.contacts.imports.files.tables import Table, column_names, rows_framed
from core.contacts.imports.staged import Staged
from core.contacts.move_in.archive import Part
from core.contacts.move_in.kits.kit import Kit, Row, Said, Standing, moment
from core.errors import InvalidInput

_COLUMNS = frozenset({"uuid", "email", "name", "attributes", "status"})
_FIXED = ("uuid", "email", "first_name", "last_name", "status", "created_at")
_STATES = {"enabled": Said.SUBSCRIBED, "disabled": Said.NEVER_SUBSCRIBED, "blocklisted": Said.BLOCKED, "blacklisted": Said.BLOCKED}
_LONGEST = 1 << 20  # of all attributes of somebody; as objects they are many times as large
_MOST = 90  # a workspace has room for 100 custom fields


class Listmonk(Kit):
    """listmonk."""

    key, label = "listmonk", "listmonk"
    FIELDS: ClassVar[Mapping[str, str]] = {"email": "email", "first_name": "first_name", "last_name": "last_name"}
    EVIDENCE = frozenset({"status", "created_at"})
    LEFT_OUT = frozenset({"uuid", "updated_at", "id"})
    TAGS = "tags"

    def recognises(self, columns: Sequence[str]) -> bool:
        """Return whether these are the columns its source writes, whole or after they were taken apart."""
        return set(columns) >= _COLUMNS or {"uuid", "email", "status", "first_name", "created_at"} <= set(columns)

    def standing(self, row: Row, file_name: str) -> Standing:
        """Return where somebody stood; a state it may get one day is none that we write to."""
        said = _STATES.get(row.get("status", "").strip().lower(), Said.NEVER_SUBSCRIBED)
        return Standing(said, moment(_without_zone_name(row.get("created_at", ""))) if said is Said.SUBSCRIBED else None)

    def prepared(self, part: Part) -> Part:
        """Return the file with names in two columns and a column for each attribute."""
        if not set(part.columns) >= _COLUMNS:
            return part
        names = list(dict.fromkeys(name for row in part.rows() for name in _taken_apart(row) if name not in _FIXED))[:_MOST]
        columns, target = [*_FIXED, *names], part.room / "apart.parquet"
        rows = written(Table(columns, _frames(part, columns)), target)
        return Part(part.path, part.file, part.room, Staged(columns, target, rows))


def _frames(part: Part, columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """Yield the rows with these columns, under the lines they had."""
    keys = [part.staged.key(column) for column in part.staged.columns]
    for some in part.staged.slices(["line", *keys]):
        rows = [_taken_apart(dict(zip(part.staged.columns, values, strict=True))) for values in some.select(keys).iter_rows()]
        yield rows_framed(some["line"].to_list(), [[row.get(column, "") for column in columns] for row in rows], len(columns))


def _taken_apart(row: dict[str, str]) -> dict[str, str]:
    first, _, last = (row.get("name") or "").strip().partition(" ")
    found = {name: row.get(name) or "" for name in ("uuid", "email", "status", "created_at")}
    try:
        attributes = json.loads(row["attributes"] if 0 < len(row.get("attributes") or "") <= _LONGEST else "{}")
    except (ValueError, RecursionError):
        attributes = {}
    attributes = attributes if isinstance(attributes, dict) else {}
    named = ((_name(str(name)), _sound(_as_text(value))) for name, value in attributes.items())
    own: dict[str, str] = {}
    for name, value in named:
        own[name] = value or own.get(name, "")  # of two spellings of one name, the last that says something
    own.pop("", None)
    return own | found | {"first_name": first, "last_name": last}


def _name(name: str) -> str:
    """Return the name of a column for an attribute, as imports spell it; empty where there can be no such field."""
    try:
        (column,) = column_names([_sound(name)])
    except InvalidInput:
        return ""
    return column if clean_name(column) or column in _FIXED else ""


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _sound(text: str) -> str:
    """Return text without halves of letters, which JSON can name and no file can hold."""
    return text.encode("utf-8", "replace").decode()


def _without_zone_name(text: str) -> str:
    """Return a time of Go without its fraction beyond microseconds and without the zone's name (`… +0000 UTC`)."""
    day, _, rest = text.strip().partition(" ")
    time, _, zone = rest.partition(" ")
    return f"{day} {time[:15]} {zone.split(' ')[0]}".strip()
