"""What a process writes into the journal is what reports, tables and segments say, and they say the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from core.app import Services, build
from core.clock import FrozenClock
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.event_record import event_record
from core.storage.event_words import BounceClass, EventKind
from core.storage.journal import JournalWriter

CAMPAIGN = 3
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass
class Story:
    """A campaign to four people, told line by line as receiver and delivery write it."""

    services: Services
    clock: FrozenClock
    writer: JournalWriter
    messages: list[int]
    links: list[int]

    def happens(self, kind: EventKind, person: int, **known: Any) -> None:
        known = {"source": "receiver", "user_agent": FIREFOX, "ip": "203.0.113.9", **known}
        source = known.pop("source")
        self.writer.append([event_record(kind, self.clock.now(), source, message_id=self.messages[person], **known)])

    def ingest(self) -> None:
        self.services.ingester.catch_up()


@pytest.fixture
def services(settings: Settings, clock: FrozenClock, db: Database) -> Iterator[Services]:
    """All services, on each kind of database."""
    built = build(settings.model_copy(update={"database_url": db.url}), clock=clock)
    yield built
    built.close()


@pytest.fixture
def story(services: Services, workspace: Principal, clock: FrozenClock) -> Iterator[Story]:
    people = [services.contacts.save(workspace, f"p{number}@example.com", attributes={"country": "DE"}).id for number in range(4)]
    with services.db.transaction() as connection:
        services.ledger.enqueue(connection, workspace.workspace_id, CAMPAIGN, [(contact_id, None) for contact_id in people])
        links = services.links.register(connection, workspace.workspace_id, CAMPAIGN, ["https://a.example"], append_token=False)
    messages = [row.id for row in services.ledger.page(workspace, CAMPAIGN, limit=10)]
    writer = JournalWriter(services.settings.journal_dir, "test")
    told = Story(services, clock, writer, sorted(messages), links)
    for person in range(4):
        told.happens(EventKind.SENT, person, source="delivery")
    clock.advance(timedelta(hours=1))
    told.happens(EventKind.OPENED, 0, method="GET")
    told.happens(EventKind.OPENED, 0, method="GET")
    told.happens(EventKind.CLICKED, 0, link_id=links[0], method="GET")
    told.happens(EventKind.CLICKED, 1, link_id=links[0], method="GET")
    told.happens(EventKind.CONVERTED, 1, value=12.5, currency="EUR", key="order-1")
    told.happens(EventKind.UNSUBSCRIBED, 2, method="POST")
    told.happens(EventKind.BOUNCED, 3, source="delivery", bounce_class=BounceClass.HARD, reason="5.1.1")
    yield told
    writer.close()


def test_the_report_says_what_happened(story: Story, workspace: Principal) -> None:
    story.ingest()
    report = story.services.analytics.campaign_report(workspace, CAMPAIGN)
    totals = report.totals
    assert (totals.recipients, totals.sent, totals.bounced, totals.delivered) == (4, 4, 1, 3)
    assert (totals.unique_opens, totals.opens_total, totals.unique_clicks) == (1, 2, 2)
    assert (totals.conversions, totals.converting_contacts, totals.revenue, totals.unsubscribes) == (1, 1, 12.5, 1)
    assert [(point.sent, point.opens, point.clicks, point.unsubscribes) for point in report.hourly] == [(4, 0, 0, 0), (0, 2, 2, 1)]
    assert [(link.url, link.unique_clicks) for link in report.links] == [("https://a.example", 2)]


def test_report_table_and_overview_say_the_same(story: Story, workspace: Principal) -> None:
    story.ingest()
    analytics = story.services.analytics
    reported = analytics.campaign_report(workspace, CAMPAIGN).totals
    tabled = analytics.campaign_table(workspace, [CAMPAIGN])[CAMPAIGN].totals
    overview = analytics.overview(workspace, 7)
    assert overview.totals == tabled == overview.campaigns[0].totals
    ledger_and_currencies = {name: getattr(tabled, name) for name in ("recipients", "queued", "accepted", "revenues")}
    assert replace(reported, **ledger_and_currencies) == tabled


def test_segments_choose_by_what_came_through_the_journal(story: Story, workspace: Principal) -> None:
    everybody = {"field": "attribute.country", "operator": "equals", "value": "de"}
    segments = story.services.segments
    assert segments.mailable_count(workspace, everybody) == 4
    story.ingest()
    ids = segments.contact_ids(workspace, everybody)

    def did(field: str, operator: str = "at_least", value: int | None = 1) -> list[int]:
        rule = {"field": field, "operator": operator} | ({} if value is None else {"value": value})
        return segments.contact_ids(workspace, {"all": [everybody, rule]})

    assert did("sent") == ids
    assert did("opened", value=2) == [ids[0]]
    assert did("clicked") == ids[:2]
    assert did("clicked", "never", None) == ids[2:]
    assert did("converted") == [ids[1]]
    assert segments.mailable_count(workspace, everybody) == 2  # one unsubscribed, one is suppressed by the bounce


def test_what_happens_now_is_told_after_the_next_round(story: Story, workspace: Principal) -> None:
    story.ingest()
    story.happens(EventKind.OPENED, 1, method="GET")
    story.ingest()
    assert story.services.analytics.campaign_report(workspace, CAMPAIGN).totals.unique_opens == 2
    assert story.services.analytics.overview(workspace, 1).totals.unique_opens == 2
