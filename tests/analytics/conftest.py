"""A lake that tests put events into, and the reports over it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

from core.analytics.reports import Analytics
from core.clock import FrozenClock
from core.events.facts import FACTS_SQL
from core.experiments.experiments import Experiments
from core.messages.ledger import Ledger
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA, FACT_SCHEMA
from core.storage.event_words import EventKind, event_class
from core.storage.lake import Dataset, Lake

Events = Sequence[dict[str, Any]]
Put = Callable[..., None]


@pytest.fixture
def lake(settings: Settings, sqlite_db: Database, clock: FrozenClock) -> Lake:
    return Lake(settings.lake_dir, sqlite_db, clock)


@pytest.fixture
def engine(lake: Lake, sqlite_db: Database) -> AnalyticsEngine:
    return AnalyticsEngine(lake, sqlite_db)


@pytest.fixture
def analytics(sqlite_db: Database, clock: FrozenClock, engine: AnalyticsEngine) -> Analytics:
    return Analytics(sqlite_db, clock, engine, Ledger(sqlite_db, clock), Experiments(sqlite_db))


@pytest.fixture
def put(lake: Lake, sqlite_db: Database, engine: AnalyticsEngine, workspace: Principal) -> Put:
    """Put events into the lake as the ingester does, and the facts of their campaigns beside them."""

    def put_events(*events: dict[str, Any], workspace_id: int = workspace.workspace_id) -> None:
        rows = [_row(number, event, workspace_id) for number, event in enumerate(events, start=1)]
        staged = []
        for half in {event_class(EventKind(row["kind"])) for row in rows}:
            table = pa.Table.from_pylist([row for row in rows if event_class(EventKind(row["kind"])) is half], schema=EVENT_SCHEMA)
            staged.append(lake.stage(table, workspace_id=workspace_id, dataset=Dataset.EVENTS, event_class=half.value, month="2026-11"))
        with sqlite_db.transaction() as connection:
            lake.commit(connection, staged)
        for campaign_id in sorted({row["campaign_id"] for row in rows if row["campaign_id"]}):
            with engine.session(workspace_id, campaign_id=campaign_id) as session:
                facts = session.table(FACTS_SQL, {"campaign_id": campaign_id}).select(FACT_SCHEMA.names).cast(FACT_SCHEMA)
            file = lake.stage(facts, workspace_id=workspace_id, dataset=Dataset.FACTS, month="2026-11")
            with sqlite_db.transaction() as connection:
                old = lake.files(connection, workspace_id, Dataset.FACTS, campaign_id=campaign_id)
                lake.commit(connection, [file], replaced=[one.id for one in old])

    return put_events


def _row(number: int, event: dict[str, Any], workspace_id: int) -> dict[str, Any]:
    known = {"event_id": number, "workspace_id": workspace_id, "received_at": event["occurred_at"]} | event
    return {name: known.get(name) for name in EVENT_SCHEMA.names}
