"""listmonk: `subscribers.csv` of its export.

The columns are uuid, email, name, attributes (a JSON object), status (enabled, disabled, blocklisted), created_at and updated_at, the
times as Go writes them (github.com/knadh/listmonk, cmd/subscribers.go). On which lists somebody is, and whether they confirmed,
it does not say: the person who exports chooses the list.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import ClassVar

from core.contacts.archive import columns_of, rows_of
from core.contacts.kits.kit import Kit, Row, Said, Standing, moment

_COLUMNS = frozenset({"uuid", "email", "name", "attributes", "status"})
_STATES = {"enabled": Said.SUBSCRIBED, "disabled": Said.NEVER_SUBSCRIBED, "blocklisted": Said.BLOCKED, "blacklisted": Said.BLOCKED}
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

    def prepared(self, data: bytes) -> bytes:
        """Return the file with names in two columns and a column for each attribute."""
        if not set(columns_of(data)) >= _COLUMNS:
            return data
        rows = [_taken_apart(row) for row in rows_of(data)]
        fixed = ["uuid", "email", "first_name", "last_name", "status", "created_at"]
        names = list(dict.fromkeys(name for row in rows for name in row if name not in fixed))[:_MOST]
        out = io.StringIO()
        writer = csv.DictWriter(out, [*fixed, *names], restval="", extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue().encode()


def _taken_apart(row: dict[str, str]) -> dict[str, str]:
    first, _, last = (row.get("name") or "").strip().partition(" ")
    found = {name: row.get(name) or "" for name in ("uuid", "email", "status", "created_at")}
    try:
        attributes = json.loads(row.get("attributes") or "{}")
    except (ValueError, RecursionError):
        attributes = {}
    attributes = attributes if isinstance(attributes, dict) else {}
    return {str(name): _as_text(value) for name, value in attributes.items()} | found | {"first_name": first, "last_name": last}


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(one, str | int | float) for one in value):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_zone_name(text: str) -> str:
    """Return a time of Go without its fraction beyond microseconds and without the zone's name (`… +0000 UTC`)."""
    day, _, rest = text.strip().partition(" ")
    time, _, zone = rest.partition(" ")
    return f"{day} {time[:15]} {zone.split(' ')[0]}".strip()
