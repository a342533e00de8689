"""From events to the lake's rows: one Arrow table per workspace, half of the lake, and month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import NamedTuple

import pyarrow as pa

from core.events.event import Event
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventClass, event_class
from core.storage.lake import Dataset, Lake, StagedFile

ORDER = ("kind", "campaign_id", "contact_id", "occurred_at")

# Columns named otherwise than the event's own field.
_OTHER_NAMES = {"occurred_at": "at"}
_UNKNOWN_HERE = frozenset({"automation_id", "country"})


class Shelf(NamedTuple):
    """Where rows are kept together in the lake."""

    workspace_id: int
    event_class: EventClass
    month: str


def shelve(events: Iterable[Event]) -> dict[Shelf, pa.Table]:
    """Return the rows of a batch by where they belong."""
    together: dict[tuple[int, EventClass, int, int], list[Event]] = defaultdict(list)
    for event in events:
        together[event.workspace_id, event_class(event.kind), event.at.year, event.at.month].append(event)
    return {Shelf(key[0], key[1], f"{key[2]}-{key[3]:02}"): table_of(rows) for key, rows in together.items()}


def table_of(events: Sequence[Event]) -> pa.Table:
    """Return matched events as a table in the lake's schema."""
    columns = []
    for field in EVENT_SCHEMA:
        if field.name in _UNKNOWN_HERE:
            columns.append(pa.nulls(len(events), field.type))
            continue
        read = attrgetter(_OTHER_NAMES.get(field.name, field.name))
        columns.append(pa.array(list(map(read, events)), field.type))
    return pa.Table.from_arrays(columns, schema=EVENT_SCHEMA)


def stage(lake: Lake, events: Sequence[Event]) -> list[StagedFile]:
    """Write matched events as files of the lake that count once they are committed."""
    return [
        lake.stage(
            table,
            workspace_id=shelf.workspace_id,
            dataset=Dataset.EVENTS,
            event_class=shelf.event_class.value,
            month=shelf.month,
            order_by=ORDER,
        )
        for shelf, table in shelve(events).items()
    ]
