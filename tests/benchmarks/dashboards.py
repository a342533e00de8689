"""What pages ask, at a million events: from the lake, against the same rows in an indexed SQLite table."""

from __future__ import annotations

import random
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa

from core.app import Services
from core.events.facts import Facts, Stale
from core.permissions import Principal
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.lake import Dataset
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import world

EVENTS = 1_000_000
CAMPAIGNS = 20
KINDS = ("sent",) * 70 + ("opened",) * 22 + ("clicked",) * 6 + ("unsubscribed", "bounced")
BY_HOUR = """
    select strftime('%Y-%m-%d %H', occurred_at) as hour, count(distinct case when kind = 'opened' then contact_id end),
        count(distinct case when kind = 'clicked' then contact_id end)
    from events where campaign_id = 7 and actor = 'human' group by 1
"""
ALL_CAMPAIGNS = """
    select campaign_id, count(distinct case when kind = 'sent' then contact_id end),
        count(distinct case when kind = 'opened' then contact_id end), count(distinct case when kind = 'clicked' then contact_id end)
    from events group by 1
"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    table = _events(by.workspace_id)
    _stage(services, by, table)
    naive = _sqlite(folder / "naive.db", table)
    report = seconds(lambda: services.analytics.campaign_report(by, 7)) * 1000
    overview = seconds(lambda: services.analytics.overview(by, days=30)) * 1000
    hours = seconds(lambda: naive.execute(BY_HOUR).fetchall()) * 1000
    campaigns = seconds(lambda: naive.execute(ALL_CAMPAIGNS).fetchall()) * 1000
    naive.close()
    services.close()
    return [
        Result(
            "campaign report page, all its figures",
            f"{report:.0f} ms",
            f"SQLite, its hourly chart alone {hours:.0f} ms",
            f"{hours / report:.1f}× as fast",
        ),
        Result(
            "overview page, all its figures",
            f"{overview:.0f} ms",
            f"SQLite, its campaign table alone {campaigns:.0f} ms",
            f"{campaigns / overview:.1f}× as fast",
        ),
    ]


def _events(workspace_id: int) -> pa.Table:
    dice, now = random.Random(3), datetime.now(UTC)
    empty = dict.fromkeys(EVENT_SCHEMA.names)
    columns: dict[str, list[object]] = {name: [None] * EVENTS for name in empty}
    columns["event_id"] = list(range(EVENTS))
    columns["workspace_id"] = [workspace_id] * EVENTS
    columns["kind"] = [dice.choice(KINDS) for _ in range(EVENTS)]
    columns["campaign_id"] = [dice.randint(1, CAMPAIGNS) for _ in range(EVENTS)]
    columns["contact_id"] = [dice.randint(1, 50_000) for _ in range(EVENTS)]
    columns["occurred_at"] = columns["received_at"] = [now - timedelta(seconds=dice.randint(0, 29 * 86_400)) for _ in range(EVENTS)]
    columns["actor"] = ["human"] * EVENTS
    return pa.table(columns, schema=EVENT_SCHEMA)


def _stage(services: Services, by: Principal, table: pa.Table) -> None:
    staged = services.lake.stage(
        table,
        workspace_id=by.workspace_id,
        dataset=Dataset.EVENTS,
        event_class="engaged",
        month="2026-11",
        order_by=("kind", "campaign_id"),
    )
    with services.db.transaction() as connection:
        services.lake.commit(connection, [staged])
    facts = Facts(services.db, services.lake, services.engine)
    for campaign in range(1, CAMPAIGNS + 1):
        facts.rebuild(Stale(by.workspace_id, campaign, datetime.now(UTC)), guard=lambda _connection: None)


def _sqlite(path: Path, table: pa.Table) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("create table events(kind, campaign_id int, contact_id int, occurred_at, actor)")
    chosen = table.select(["kind", "campaign_id", "contact_id", "occurred_at", "actor"]).to_pydict()
    moments = [moment.strftime("%Y-%m-%d %H:%M:%S") for moment in chosen["occurred_at"]]
    rows = zip(chosen["kind"], chosen["campaign_id"], chosen["contact_id"], moments, chosen["actor"], strict=True)
    connection.executemany("insert into events values (?, ?, ?, ?, ?)", rows)
    connection.execute("create index by_campaign on events(campaign_id, kind)")
    connection.commit()
    return connection
