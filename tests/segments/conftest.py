"""Segments over real contacts, on each kind of database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest

from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.contacts.lists import Lists
from core.contacts.snapshot import ContactSnapshots
from core.contacts.suppression.suppression import Suppressions
from core.permissions import Principal
from core.segments.segments import Segments
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventKind, event_class
from core.storage.lake import Dataset, Lake


@dataclass(frozen=True)
class World:
    """What a test of segments works with."""

    by: Principal
    db: Database
    lake: Lake
    segments: Segments
    contacts: Contacts
    lists: Lists
    suppressions: Suppressions
    snapshots: ContactSnapshots

    def event(self, kind: EventKind, contact_id: int, **known: Any) -> None:
        """Put an event into the lake, as a file of its own."""
        row = {"event_id": 1, "workspace_id": self.by.workspace_id, "kind": kind.value, "contact_id": contact_id, "actor": "human"} | known
        table = pa.Table.from_pylist([{name: row.get(name) for name in EVENT_SCHEMA.names}], schema=EVENT_SCHEMA)
        half = event_class(kind).value
        staged = self.lake.stage(table, workspace_id=self.by.workspace_id, dataset=Dataset.EVENTS, event_class=half, month="2026-11")
        with self.db.transaction() as connection:
            self.lake.commit(connection, [staged])


def make_world(db: Database, clock: FrozenClock, settings: Settings, by: Principal) -> World:
    lake = Lake(settings.lake_dir, db, clock)
    snapshots = ContactSnapshots(db, clock, lake)
    segments = Segments(db, clock, AnalyticsEngine(lake, db), snapshots)
    return World(by, db, lake, segments, Contacts(db, clock), Lists(db, clock), Suppressions(db, clock), snapshots)


@pytest.fixture
def world(db: Database, clock: FrozenClock, settings: Settings, workspace: Principal) -> World:
    return make_world(db, clock, settings, workspace)


@pytest.fixture
def small_world(sqlite_db: Database, clock: FrozenClock, settings: Settings, workspace: Principal) -> World:
    """On SQLite only, where the database makes no difference."""
    return make_world(sqlite_db, clock, settings, workspace)
