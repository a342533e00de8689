from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.analytics.timeline_rows import Part
from core.app import Services, build
from core.clock import FrozenClock
from core.contacts.changes import next_change
from core.contacts.consent.consent import ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.list_choices import leave_list
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.settings import Settings
from core.storage.database import Database
from tests.accounts.two_teams import two_teams
from tests.analytics.conftest import Put
from tests.conftest import NOON


@pytest.fixture
def services(sqlite_db: Database, settings: Settings, clock: FrozenClock) -> Iterator[Services]:
    built = build(settings.model_copy(update={"database_url": sqlite_db.url}), clock=clock)
    yield built
    built.close()


@pytest.fixture
def every(db: Database, settings: Settings, clock: FrozenClock) -> Iterator[Services]:
    """The services on each kind of database."""
    built = build(settings.model_copy(update={"database_url": db.url}), clock=clock)
    yield built
    built.close()


def test_where_the_lake_is_empty_the_database_tells_what_it_knows(every: Services, workspace: Principal, clock: FrozenClock) -> None:
    by = workspace
    imported = every.imports.run(by, b"email,name\nann@example.com,Ann\n", "people.csv", list_name="News")
    ann = every.contacts.find(by, "ann@example.com")
    assert ann and imported.list_id
    clock.advance(timedelta(minutes=1))
    every.profiles.change(by, ann.id, first_name="Anna", last_name="", attributes={})
    clock.advance(timedelta(minutes=1))
    every.tags.add(by, [ann.id], "VIP")
    every.notes.add(by, ann.id, "Likes tea")
    clock.advance(timedelta(minutes=1))
    every.contacts.save(by, "ann@example.com", consent=ConsentStatus.UNSUBSCRIBED)
    every.suppressions.add(by, "ann@example.com")

    page = every.timelines.page(by, ann.id)

    told = {(one.part, one.what) for one in page.rows}
    assert {(Part.ORIGIN, "added"), (Part.CONSENT, "subscribed"), (Part.CONSENT, "unsubscribed"), (Part.NOTE, "noted")} <= told
    assert {(Part.LIST, "joined"), (Part.TAG, "tagged"), (Part.SUPPRESSION, "manual"), (Part.CHANGE, "contact.changed")} <= told
    assert page.total == len(page.rows) == len(told)
    [origin] = [one for one in page.rows if one.part is Part.ORIGIN]
    assert origin.details["file"] == "people.csv"
    times = [one.at for one in page.rows]
    assert times == sorted(times, reverse=True)
    halves = [every.timelines.page(by, ann.id, limit=4, offset=at).rows for at in (0, 4, 8)]
    assert [one for half in halves for one in half] == page.rows
    with pytest.raises(NotFound):
        every.timelines.page(by, 999_999)


def test_what_was_said_of_a_list_or_a_sale_is_told_as_that(every: Services, workspace: Principal, clock: FrozenClock) -> None:
    by, news = workspace, every.lists.create(workspace, "News").id
    ann = every.contacts.save(by, "ann@example.com", list_ids=[news]).id
    every.choices.set_sale(by, ann, forbidden=True, source="asked by phone")
    with every.db.transaction() as connection:
        change = next_change(connection, by.workspace_id)
        leave_list(connection, by.workspace_id, ann, news, change, Evidence(), clock.now())
    every.suppressed_everywhere.add_all(by, "ann@example.com", "by court order")

    rows = every.timelines.page(by, ann).rows

    told = sorted((one.what, one.details.get("purpose", ""), one.details.get("name", "")) for one in rows if one.part is Part.CONSENT)
    assert told == [("subscribed", "", ""), ("unsubscribed", "list", "News"), ("unsubscribed", "sale", "")]
    assert [one.details["source"] for one in rows if one.part is Part.SUPPRESSION] == ["by court order"]
    elsewhere = replace(by, lists=frozenset({every.lists.create(by, "Offers").id}))
    every.lists.add(by, *elsewhere.lists or (), [ann])
    seen = every.timelines.page(elsewhere, ann).rows
    assert "News" not in {one.details.get("name") for one in seen}
    assert sorted(one.details.get("purpose", "") for one in seen if one.part is Part.CONSENT) == ["", "sale"]
    assert [one.details["lists"] for one in seen if one.details.get("lists")] == []


def test_what_came_of_emails_is_told_with_who_it_was_also_of_who_was_merged(services: Services, workspace: Principal, put: Put) -> None:
    by, old = workspace, NOON - timedelta(days=900)
    ann = services.contacts.save(by, "ann@example.com").id
    other = services.contacts.save(by, "ann@work.example").id
    same = {"campaign_id": 5, "occurred_at": NOON, "message_id": 1}
    put(
        {**same, "kind": "opened", "contact_id": ann, "actor": "machine", "actor_reason": "scanner"},
        {**same, "kind": "clicked", "contact_id": other, "actor": "human", "url": "https://example.com/a"},
        {**same, "kind": "sent", "contact_id": ann},  # the ledger tells of those
        {"kind": "sent", "contact_id": ann, "occurred_at": old},  # brought along by an import
        {**same, "kind": "opened", "contact_id": 999, "actor": "human"},
    )
    services.merges.merge(by, ann, [other])

    events = [one for one in services.timelines.page(by, ann).rows if one.part is Part.EVENT]

    assert {(one.what, one.details.get("actor")) for one in events} == {("opened", "machine"), ("clicked", "human"), ("sent", None)}
    assert (events[-1].at, events[-1].what) == (old, "sent")
    assert any(one.part is Part.MERGE for one in services.timelines.page(by, ann).rows)
    without = replace(by, permissions=by.permissions - {Permission.CAMPAIGNS_VIEW})
    assert not [one for one in services.timelines.page(without, ann).rows if one.part in {Part.EVENT, Part.MESSAGE}]


def test_whoever_is_limited_to_lists_is_told_of_the_campaigns_they_may_see(services: Services) -> None:
    teams = two_teams(services)
    everything = services.timelines.page(teams.everything, teams.shared)
    seen = services.timelines.page(teams.by, teams.shared)
    told = {one.details.get("campaign_id") for one in everything.rows if one.part is Part.MESSAGE}
    assert teams.hidden_sent in told
    assert teams.hidden_sent not in {one.details.get("campaign_id") for one in seen.rows}
    assert {one.details.get("name") for one in seen.rows if one.part is Part.LIST} == {"Ours"}
    with pytest.raises(NotFound):
        services.timelines.page(teams.by, teams.hidden)
