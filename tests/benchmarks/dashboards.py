"""What pages ask, at a million events: from the lake, against the same rows in an indexed SQLite table."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

from core.app import Services
from core.events.event import Event, MatchedMessage
from core.events.facts import Facts, Stale
from core.events.lake_rows import ORDER, shelve
from core.permissions import Principal
from core.storage.database import chunked
from core.storage.event_words import EventKind
from core.storage.lake import Dataset
from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import world

CAMPAIGNS = 20
PEOPLE = 50_000
RECIPIENTS = 35_000  # of each campaign; with what follows, a million events
ROUNDS = 8
LINKS = 12
# What follows a message, and how often.
AFTERWARDS = (
    (EventKind.OPENED, 0.25),
    (EventKind.OPENED, 0.07),
    (EventKind.CLICKED, 0.08),
    (EventKind.UNSUBSCRIBED, 0.01),
    (EventKind.BOUNCED, 0.01),
)
ACTORS = {"human": 0.6, "proxy": 0.25, "machine": 0.15}
PEOPLES = "actor in ('human', 'proxy')"
# A report in plain SQL: the totals, the chart by the hour, the table of links.
REPORT = (
    f"""
    select count(distinct case when kind = 'sent' then contact_id end), count(distinct case when kind = 'bounced' then contact_id end),
        count(distinct case when kind = 'opened' and {PEOPLES} then contact_id end), sum(kind = 'opened' and {PEOPLES}),
        count(distinct case when kind = 'opened' then contact_id end), sum(kind = 'opened' and actor = 'machine'),
        count(distinct case when kind = 'clicked' and {PEOPLES} then contact_id end), sum(kind = 'clicked' and {PEOPLES}),
        count(distinct case when kind = 'clicked' then contact_id end), sum(kind = 'clicked' and actor = 'machine'),
        count(distinct case when kind = 'unsubscribed' then contact_id end)
    from events where campaign_id = 7
    """,
    f"""
    select strftime('%Y-%m-%d %H', occurred_at), sum(kind = 'sent'),
        sum(kind = 'opened' and {PEOPLES}), sum(kind = 'clicked' and {PEOPLES}),
        count(distinct case when kind = 'opened' and {PEOPLES} then contact_id end),
        count(distinct case when kind = 'clicked' and {PEOPLES} then contact_id end), sum(kind = 'unsubscribed')
    from events where campaign_id = 7 group by 1
    """,
    f"""
    select link_id, count(distinct case when {PEOPLES} then contact_id end), sum({PEOPLES}), sum(actor = 'machine')
    from events where campaign_id = 7 and kind = 'clicked' group by 1
    """,
)
ALL_CAMPAIGNS = f"""
    select campaign_id, count(distinct case when kind = 'sent' then contact_id end),
        count(distinct case when kind = 'opened' and {PEOPLES} then contact_id end),
        count(distinct case when kind = 'clicked' and {PEOPLES} then contact_id end)
    from events group by 1
"""


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    services, by = world(folder)
    events = _events(by.workspace_id)
    _stage(services, by, events)
    naive = _sqlite(folder / "naive.db", events)
    _check(services, by, naive)
    report = seconds(lambda: services.analytics.campaign_report(by, 7)) * 1000
    overview = seconds(lambda: services.analytics.overview(by, days=30)) * 1000
    plain = seconds(lambda: [naive.execute(sql).fetchall() for sql in REPORT]) * 1000
    campaigns = seconds(lambda: naive.execute(ALL_CAMPAIGNS).fetchall()) * 1000
    naive.close()
    services.close()
    return [
        Result(
            "campaign report page, all its figures",
            f"{report:.0f} ms",
            f"SQLite, the same figures {plain:.0f} ms",
            f"{plain / report:.1f}× as fast",
        ),
        Result(
            "overview page, all its figures",
            f"{overview:.0f} ms",
            f"SQLite, its campaign table alone {campaigns:.0f} ms",
            f"{campaigns / overview:.1f}× as fast",
        ),
    ]


def _check(services: Services, by: Principal, naive: sqlite3.Connection) -> None:
    """Make sure that both say the same before asking who says it faster."""
    totals = services.analytics.campaign_report(by, 7).totals
    ours = (7, totals.sent, totals.unique_opens, totals.unique_clicks)
    theirs = next(row for row in naive.execute(ALL_CAMPAIGNS) if row[0] == 7)
    assert ours == theirs, f"the figures differ: {ours} and {theirs}"


def _events(workspace_id: int) -> list[Event]:
    """Return a month of campaigns as the ingester has them, oldest first: most is sent, machines fetch beside people."""
    dice, now = random.Random(3), datetime.now(UTC)
    made: list[Event] = []
    for campaign in range(1, CAMPAIGNS + 1):
        launched = now - timedelta(days=29) * (campaign / CAMPAIGNS)
        for contact in dice.sample(range(1, PEOPLE + 1), RECIPIENTS):
            message = MatchedMessage(len(made), workspace_id, campaign, contact, None, "accepted", None, True, f"p{contact}@example.com")
            sent = launched + timedelta(seconds=dice.uniform(0, 600))
            whose: dict[str, Any] = {
                "workspace_id": workspace_id,
                "campaign_id": campaign,
                "contact_id": contact,
                "message_id": message.id,
                "message": message,
            }
            made.append(Event(len(made), EventKind.SENT, sent, sent, "delivery", **whose))
            for kind, share in AFTERWARDS:
                if dice.random() < share:
                    at = min(now, sent + timedelta(hours=dice.expovariate(1 / 8)))
                    actor = dice.choices(list(ACTORS), list(ACTORS.values()))[0] if kind in (EventKind.OPENED, EventKind.CLICKED) else None
                    link_id = dice.randint(1, LINKS) if kind is EventKind.CLICKED else None
                    made.append(Event(len(made), kind, at, at, "receiver", link_id=link_id, actor=actor, **whose))
    return sorted(made, key=attrgetter("at"))


def _stage(services: Services, by: Principal, events: Sequence[Event]) -> None:
    """Write what the ingester would have written in a few rounds; it merges small files once there are eight of a kind."""
    rounds = chunked(events, -(-len(events) // ROUNDS))
    staged = [
        services.lake.stage(
            table,
            workspace_id=shelf.workspace_id,
            dataset=Dataset.EVENTS,
            event_class=shelf.event_class.value,
            month=shelf.month,
            order_by=ORDER,
        )
        for some in rounds
        for shelf, table in shelve(some).items()
    ]
    with services.db.transaction() as connection:
        services.lake.commit(connection, staged)
    facts = Facts(services.db, services.lake, services.engine)
    for campaign in range(1, CAMPAIGNS + 1):
        facts.rebuild(Stale(by.workspace_id, campaign, datetime.now(UTC)), guard=lambda _connection: None)


def _sqlite(path: Path, events: Sequence[Event]) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    connection.execute("create table events(kind, campaign_id int, contact_id int, occurred_at, actor, link_id int)")
    rows = (
        (event.kind.value, event.matched.campaign_id, event.matched.contact_id, f"{event.at:%Y-%m-%d %H:%M:%S}", event.actor, event.link_id)
        for event in events
    )
    connection.executemany("insert into events values (?, ?, ?, ?, ?, ?)", rows)
    connection.execute("create index by_campaign on events(campaign_id, kind)")
    connection.commit()
    return connection
