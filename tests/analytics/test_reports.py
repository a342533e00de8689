"""What a report says of a campaign is what its events come to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from core.accounts.workspaces import Workspaces
from core.analytics.models import HourPoint, LinkRow, Money, Totals
from core.analytics.reports import Analytics
from core.clock import FrozenClock
from core.contacts.contacts import Contacts
from core.errors import Denied, InvalidInput
from core.experiments.experiments import Experiments
from core.links.registry import Links
from core.messages.ledger import Ledger
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.templates.languages.headings import Headings
from tests.analytics.conftest import Put
from tests.analytics.happenings import event, sent
from tests.conftest import NOON


def totals(analytics: Analytics, by: Principal, campaign_id: int = 1) -> Totals:
    return analytics.campaign_report(by, campaign_id).totals


def test_a_campaign_of_which_nothing_is_known_has_zeros_and_no_rates(analytics: Analytics, workspace: Principal) -> None:
    report = analytics.campaign_report(workspace, 404)
    assert report.totals == Totals()
    assert (report.hourly, report.links, report.arms) == ((), (), ())


def test_unique_means_recipients_and_total_means_times(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2, 3, 4),
        event("opened", 1),
        event("opened", 1, minutes=5),
        event("opened", 2, actor="proxy"),
        event("clicked", 1, minutes=6, link_id=1),
        event("clicked", 1, minutes=7, link_id=1),
    )
    found = totals(analytics, workspace)
    assert (found.sent, found.delivered) == (4, 4)
    assert (found.unique_opens, found.opens_total) == (2, 3)
    assert (found.unique_clicks, found.clicks_total) == (1, 2)
    assert (found.open_rate, found.click_rate, found.click_to_open) == (0.5, 0.25, 0.5)


def test_machines_are_told_beside_and_never_within(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2),
        event("opened", 1),
        event("opened", 1, actor="machine"),
        event("opened", 2, actor="machine"),
        event("clicked", 2, actor="machine", link_id=1),
    )
    found = totals(analytics, workspace)
    assert (found.unique_opens, found.unique_opens_with_machines, found.opens_total, found.machine_opens) == (1, 2, 1, 2)
    assert (found.unique_clicks, found.unique_clicks_with_machines, found.clicks_total, found.machine_clicks) == (0, 1, 0, 1)


def test_delivered_is_sent_less_bounced(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2, 3),
        event("bounced", 2, bounce_class="hard"),
        event("bounced", 2, bounce_class="hard"),
        event("bounced", 9, bounce_class="hard"),
    )
    found = totals(analytics, workspace)
    assert (found.sent, found.bounced, found.delivered) == (3, 1, 2)  # 9 was refused at once: it was never sent
    assert found.bounce_rate == pytest.approx(1 / 3)


def test_unsubscribes_and_complaints_are_counted_once_per_recipient(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(*sent(1, 2), event("unsubscribed", 1), event("unsubscribed", 1, minutes=1), event("complained", 2))
    found = totals(analytics, workspace)
    assert (found.unsubscribes, found.complaints) == (1, 1)
    assert (found.unsubscribe_rate, found.complaint_rate) == (0.5, 0.5)


def test_conversions_bring_revenue_in_their_currencies(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2, 3),
        event("converted", 1, value=10.5, currency="EUR"),
        event("converted", 1, value=20.0, currency="EUR"),
        event("converted", 2, value=5.0, currency="USD"),
        event("converted", 3),
    )
    found = totals(analytics, workspace)
    assert (found.conversions, found.converting_contacts, found.revenue) == (4, 3, 35.5)
    assert found.revenues == (Money("EUR", 30.5, 2), Money("USD", 5.0, 1), Money("", 0.0, 1))


def test_other_campaigns_and_other_workspaces_are_left_out(
    analytics: Analytics, workspace: Principal, put: Put, sqlite_db: Database, clock: FrozenClock
) -> None:
    other = Workspaces(sqlite_db, clock).create("Other").id
    put(*sent(1), event("opened", 1))
    put(*sent(1, 2, campaign_id=2), event("opened", 2, campaign_id=2))
    put(*sent(7, 8, 9), event("opened", 7), workspace_id=other)
    assert (totals(analytics, workspace).sent, totals(analytics, workspace).unique_opens) == (1, 1)
    assert totals(analytics, replace(workspace, workspace_id=other)).sent == 3


def test_the_ledger_says_where_every_recipient_stands(
    analytics: Analytics, workspace: Principal, sqlite_db: Database, clock: FrozenClock
) -> None:
    ledger = Ledger(sqlite_db, clock)
    everybody = [Contacts(sqlite_db, clock).save(workspace, f"p{number}@example.com").id for number in range(3)]
    with sqlite_db.transaction() as connection:
        ledger.enqueue(connection, workspace.workspace_id, 1, [(contact_id, None) for contact_id in everybody])
    claimed = ledger.claim(workspace.workspace_id, 1, "worker", 2)
    ledger.skip("worker", {claimed[0].message_id: "suppressed"})
    found = totals(analytics, workspace)
    assert (found.recipients, found.queued, found.skipped) == (3, 2, 1)


def test_hours_are_told_in_the_zone_asked_for_and_add_up(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2, 3),
        event("opened", 1, minutes=1),
        event("opened", 1, minutes=2),
        event("opened", 2, minutes=130),
        event("clicked", 2, minutes=131, link_id=1),
        event("opened", 3, minutes=132, actor="machine"),
        event("clicked", 3, minutes=132, actor="machine", link_id=1),
        event("unsubscribed", 2, minutes=135),
    )
    report = analytics.campaign_report(workspace, 1, timezone="Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    assert report.hourly == (
        HourPoint(datetime(2026, 11, 22, 13, tzinfo=berlin), sent=3, opens=2, unique_opens=1),
        HourPoint(datetime(2026, 11, 22, 14, tzinfo=berlin)),
        HourPoint(
            datetime(2026, 11, 22, 15, tzinfo=berlin),
            opens=1,
            clicks=1,
            unique_opens=1,
            unique_clicks=1,
            machine_opens=1,
            machine_clicks=1,
            unsubscribes=1,
        ),
    )
    for name, total in {"sent": "sent", "opens": "opens_total", "unique_opens": "unique_opens", "unsubscribes": "unsubscribes"}.items():
        assert sum(getattr(point, name) for point in report.hourly) == getattr(report.totals, total)


def test_hours_of_a_half_hour_zone_begin_on_its_hours(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(*sent(1), event("opened", 1, minutes=29), event("opened", 1, minutes=31))
    points = analytics.campaign_report(workspace, 1, timezone="Asia/Kolkata").hourly
    assert [(f"{point.hour:%H:%M}", point.opens) for point in points] == [("17:00", 1), ("18:00", 1)]


def test_the_hour_that_comes_twice_in_autumn_is_told_twice(analytics: Analytics, workspace: Principal, put: Put) -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    put(*sent(1, at=first), event("opened", 1, at=first), event("opened", 1, at=first + timedelta(hours=1)))
    points = analytics.campaign_report(workspace, 1, timezone="Europe/Berlin").hourly
    assert [(point.hour.isoformat(), point.opens) for point in points] == [
        ("2026-10-25T02:00:00+02:00", 1),
        ("2026-10-25T02:00:00+01:00", 1),
    ]


def test_a_late_open_does_not_fill_a_year_with_empty_hours(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(*sent(1, at=NOON - timedelta(days=365)), event("opened", 1))
    assert [point.opens for point in analytics.campaign_report(workspace, 1).hourly] == [0, 1]


def test_links_are_told_in_the_order_of_the_message_clicked_or_not(
    analytics: Analytics, workspace: Principal, put: Put, sqlite_db: Database, clock: FrozenClock
) -> None:
    with sqlite_db.transaction() as connection:
        urls = ["https://a.example", "https://b.example"]
        first, second = Links(sqlite_db, clock).register(connection, workspace.workspace_id, 1, urls, append_token=False)
    put(
        *sent(1, 2),
        event("clicked", 1, link_id=second, url="https://b.example"),
        event("clicked", 1, link_id=second, url="https://b.example"),
        event("clicked", 2, link_id=second, actor="machine"),
        event("clicked", 2, link_id=999, url="https://gone.example"),
    )
    assert analytics.campaign_report(workspace, 1).links == (
        LinkRow(first, "https://a.example", 0),
        LinkRow(second, "https://b.example", 1, unique_clicks=1, clicks=2, machine_clicks=1),
        LinkRow(999, "https://gone.example", None, unique_clicks=1, clicks=1),
    )


def test_arms_are_compared_with_the_first(
    analytics: Analytics, workspace: Principal, put: Put, sqlite_db: Database, clock: FrozenClock
) -> None:
    with sqlite_db.transaction() as connection:
        Experiments(sqlite_db).save_arms(connection, workspace.workspace_id, 1, [Headings("Hello"), Headings("Good day")])
    a, b = Experiments(sqlite_db).arms(workspace.workspace_id, 1)
    assigned = {Contacts(sqlite_db, clock).save(workspace, f"p{number}@example.com").id: arm for number, arm in enumerate([a, b, b])}
    with sqlite_db.transaction() as connection:
        Ledger(sqlite_db, clock).enqueue(
            connection, workspace.workspace_id, 1, [(contact_id, arm.id) for contact_id, arm in assigned.items()]
        )
    put(
        *sent(*range(1, 57), variant_id=a.id),
        *sent(*range(57, 105), variant_id=b.id),
        *(event("opened", number, variant_id=a.id) for number in range(1, 57)),
        *(event("opened", number, variant_id=b.id) for number in range(57, 57 + 29)),
    )
    first, second = analytics.campaign_report(workspace, 1).arms
    assert (first.key, first.subject, first.recipients, first.delivered, first.unique_opens, first.rate) == ("A", "Hello", 1, 56, 56, 1.0)
    assert (first.difference, first.low, first.high, first.p_value, first.clicks_compared) == (None, None, None, None, None)
    assert (second.recipients, second.delivered, second.unique_opens) == (2, 48, 29)
    assert second.difference == pytest.approx(29 / 48 - 1)
    assert second.low < second.difference < second.high < 0  # type: ignore[operator]
    assert second.p_value < 0.001  # type: ignore[operator]


def test_an_arm_that_reached_nobody_is_not_compared(analytics: Analytics, workspace: Principal, put: Put, sqlite_db: Database) -> None:
    with sqlite_db.transaction() as connection:
        Experiments(sqlite_db).save_arms(connection, workspace.workspace_id, 1, [Headings("Hello"), Headings("Good day")])
    a = Experiments(sqlite_db).arms(workspace.workspace_id, 1)[0]
    put(*sent(1, variant_id=a.id))
    rows = analytics.campaign_report(workspace, 1).arms
    assert [(row.delivered, row.rate, row.difference) for row in rows] == [(1, 0.0, None), (0, None, None)]


def test_a_table_of_campaigns_has_a_row_for_each_in_order(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(*sent(1, 2), event("opened", 1))
    put(*sent(1, campaign_id=2, minutes=10))
    table = analytics.campaign_table(workspace, [2, 3, 1])
    assert list(table) == [2, 3, 1]
    assert [(row.totals.sent, row.totals.unique_opens) for row in table.values()] == [(1, 0), (0, 0), (2, 1)]
    assert [row.last_sent_at for row in table.values()] == [NOON + timedelta(minutes=10), None, NOON]


def test_a_table_and_a_report_say_the_same(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(
        *sent(1, 2, 3),
        event("opened", 1),
        event("clicked", 1, link_id=1),
        event("bounced", 2),
        event("converted", 3, value=2.5, currency="EUR"),
    )
    reported = replace(totals(analytics, workspace), revenues=())
    assert analytics.campaign_table(workspace, [1])[1].totals == reported


def test_the_overview_tells_what_was_sent_in_its_days_and_in_those_before(analytics: Analytics, workspace: Principal, put: Put) -> None:
    put(*sent(1, 2, at=NOON - timedelta(days=1)), event("opened", 1), event("clicked", 1, link_id=1), event("unsubscribed", 2))
    put(*sent(1, at=NOON - timedelta(days=8), campaign_id=2), event("opened", 1, campaign_id=2))
    put(*sent(1, 2, 3, at=NOON - timedelta(days=20), campaign_id=3))
    found = analytics.overview(workspace, 7)
    assert (found.totals.sent, found.totals.unique_opens, found.totals.unsubscribes, found.totals.click_to_open) == (2, 1, 1, 1.0)
    assert (found.previous_totals.sent, found.previous_totals.unique_opens) == (1, 1)
    assert [(point.day.day, point.sent, point.unique_opens, point.unique_clicks, point.unsubscribes) for point in found.daily] == [
        (16, 0, 0, 0, 0),
        (17, 0, 0, 0, 0),
        (18, 0, 0, 0, 0),
        (19, 0, 0, 0, 0),
        (20, 0, 0, 0, 0),
        (21, 2, 0, 0, 0),
        (22, 0, 1, 1, 1),
    ]
    assert [(row.campaign_id, row.totals.sent) for row in found.campaigns] == [(1, 2)]


def test_the_days_of_an_overview_are_those_of_the_zone(analytics: Analytics, workspace: Principal, put: Put, clock: FrozenClock) -> None:
    put(*sent(1, at=datetime(2026, 11, 21, 22, 59, tzinfo=UTC)), *sent(2, at=datetime(2026, 11, 21, 23, 1, tzinfo=UTC)))
    assert analytics.overview(workspace, 1, timezone="Europe/Berlin").totals.sent == 1
    assert analytics.overview(workspace, 1).totals.sent == 0


def test_an_overview_without_anything_has_zeros(analytics: Analytics, workspace: Principal) -> None:
    found = analytics.overview(workspace, 30)
    assert (found.totals, found.previous_totals, found.campaigns) == (Totals(), Totals(), ())
    assert len(found.daily) == 30


@pytest.mark.parametrize("days", [0, -1, 367])
def test_an_overview_of_no_days_is_refused(analytics: Analytics, workspace: Principal, days: int) -> None:
    with pytest.raises(InvalidInput, match="1 to 366 days"):
        analytics.overview(workspace, days)


@pytest.mark.parametrize("timezone", ["Mars/Olympus", "", "../../etc/passwd", "UTC\0", "/etc/localtime"])
def test_a_zone_that_does_not_exist_is_refused(analytics: Analytics, workspace: Principal, timezone: str) -> None:
    with pytest.raises(InvalidInput, match="no time zone"):
        analytics.campaign_report(workspace, 1, timezone=timezone)


def test_reports_need_their_permission_and_events_another(analytics: Analytics, workspace: Principal) -> None:
    viewer = replace(workspace, permissions=frozenset({Permission.REPORTS_VIEW, Permission.CAMPAIGNS_VIEW}))
    stranger = replace(workspace, permissions=frozenset(Permission) - {Permission.REPORTS_VIEW})
    analytics.campaign_report(viewer, 1)
    for ask in (
        lambda: analytics.campaign_report(stranger, 1),
        lambda: analytics.overview(stranger),
        lambda: analytics.campaign_table(stranger, [1]),
    ):
        with pytest.raises(Denied, match=r"reports\.view"):
            ask()
    with pytest.raises(Denied, match=r"events\.export"):
        analytics.event_rows(viewer)
