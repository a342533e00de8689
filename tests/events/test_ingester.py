"""From journal to lake: what is kept, what is left out and why, and what it leads to; on both databases."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from core.contacts.tables import consent_records, contacts, suppressions
from core.errors import StorageFull
from core.events.event import DropReason
from core.events.tables import event_keys, intake_minutes, stale_facts
from core.storage.database import Database
from core.storage.event_words import BounceClass, EventKind
from core.storage.lake import Dataset, Lake
from core.storage.tables import journal_offsets, lake_files
from tests.events.conftest import CAMPAIGN, FIREFOX, World


def test_an_open_becomes_a_row_with_everything_known_about_it(world: World) -> None:
    message, link = world.message("Ada@example.com"), world.link("https://example.com/a")
    clicked = world.record(EventKind.CLICKED, message, link_id=link, ip="203.0.113.77", method="GET")
    world.journal(clicked)

    report = world.ingester().run_once()

    assert (report.read, report.kept, report.dropped, report.is_active) == (1, 1, {}, True)
    [event] = world.events()
    assert event["kind"] == "clicked"
    assert event["workspace_id"] == world.by.workspace_id
    assert event["campaign_id"] == CAMPAIGN
    assert event["message_id"] == message
    assert event["recipient_domain"] == "example.com"
    assert event["recipient"] is None
    assert event["url"] == "https://example.com/a"
    assert event["ip_prefix"] == "203.0.113.0/24"
    assert (event["actor"], event["client"], event["device"]) == ("human", "Firefox", "computer")
    assert event["occurred_at"] == world.clock.now()


def test_reading_on_reads_only_what_is_new(world: World) -> None:
    message = world.message()
    writer = world.journal(world.record(EventKind.OPENED, message))
    ingester = world.ingester()
    assert ingester.run_once().read == 1
    assert ingester.run_once().read == 0

    writer.append([world.record(EventKind.OPENED, message)])

    assert ingester.run_once().read == 1
    assert len(world.events()) == 2


def test_what_passes_one_batch_is_read_in_the_next_ones(world: World) -> None:
    message = world.message()
    world.journal(*(world.record(EventKind.OPENED, message) for _ in range(5)))
    ingester = world.ingester(batch_bytes=400)

    first = ingester.run_once()
    rest = ingester.catch_up()

    assert first.more
    assert 0 < first.read < 5
    assert first.read + rest.read == 5
    assert not rest.more


def test_a_message_has_one_sent_event_however_often_it_is_reported(world: World) -> None:
    message = world.message()
    world.journal(world.record(EventKind.SENT, message), world.record(EventKind.SENT, message))
    ingester = world.ingester()
    first = ingester.run_once()
    world.journal(world.record(EventKind.SENT, message))

    second = ingester.run_once()

    assert (first.kept, first.dropped, second.dropped) == (1, {"duplicate": 1}, {"duplicate": 1})
    assert len(world.events()) == 1
    assert world.row(message).recorded_at == world.clock.now()
    assert [row.count for row in world.rows(intake_minutes) if row.outcome == "duplicate"] == [2]


@pytest.mark.parametrize("state", ["claimed", "sending", "uncertain", "retry", "queued", "cancelled"])
def test_a_sent_record_settles_a_message_whose_outcome_was_open(world: World, state: str) -> None:
    message = world.message(state=state)
    sent_at = world.clock.now() - timedelta(minutes=3)
    world.journal(world.record(EventKind.SENT, message, at=sent_at, provider_message_id="mta-9"))

    world.ingester().run_once()

    settled = world.row(message)
    assert (settled.state, settled.accepted_at, settled.provider_message_id) == ("accepted", sent_at, "mta-9")


@pytest.mark.parametrize("kind", [EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED, EventKind.CONVERTED])
@pytest.mark.parametrize("state", ["queued", "sending", "uncertain"])
def test_whoever_reacts_to_a_message_has_got_it(world: World, kind: EventKind, state: str) -> None:
    message = world.message("ada@example.com", state=state)
    world.journal(world.record(kind, message))
    world.ingester().run_once()
    row = world.row(message)
    assert (row.state, row.accepted_at is not None, row.recorded_at) == ("accepted", True, None)


def test_a_sent_record_leaves_a_settled_message_s_state_alone(world: World) -> None:
    message = world.message(state="bounced")
    world.journal(world.record(EventKind.SENT, message))

    world.ingester().run_once()

    assert world.row(message).state == "bounced"
    assert world.row(message).accepted_at is not None
    assert world.row(message).recorded_at is not None


def test_a_hard_bounce_suppresses_and_others_do_not(world: World) -> None:
    hard, soft, block = world.message("hard@example.com"), world.message("soft@example.com"), world.message("block@example.com")
    for message, bounce in ((hard, BounceClass.HARD), (soft, BounceClass.SOFT), (block, BounceClass.BLOCK)):
        world.journal(world.record(EventKind.BOUNCED, message, source="webhook", bounce_class=bounce, reason="550"))

    world.ingester().run_once()

    assert [(row.email, row.reason) for row in world.rows(suppressions)] == [("hard@example.com", "hard_bounce")]
    assert [world.row(message).state for message in (hard, soft, block)] == ["bounced"] * 3


def test_what_the_provider_refused_on_the_spot_is_refused_and_not_bounced(world: World) -> None:
    open_message, refused = world.message(state="uncertain"), world.message(state="refused")
    for message in (open_message, refused):
        world.journal(world.record(EventKind.BOUNCED, message, source="delivery", bounce_class=BounceClass.HARD, reason="5.1.1"))

    world.ingester().run_once()

    assert (world.row(open_message).state, world.row(open_message).reason) == ("refused", "5.1.1")
    assert world.row(refused).state == "refused"
    assert len(world.rows(suppressions)) == 2


@pytest.mark.parametrize(
    ("kind", "source", "settled"),
    [
        (EventKind.DELIVERED, "webhook", "delivered"),
        (EventKind.BOUNCED, "webhook", "bounced"),
        (EventKind.REJECTED, "webhook", "refused"),
        (EventKind.OPENED, "receiver", "accepted"),
    ],
)
def test_whatever_is_heard_of_an_uncertain_message_settles_it(world: World, kind: EventKind, source: str, settled: str) -> None:
    message, other = world.message(state="uncertain"), world.message(state="uncertain")
    world.journal(world.record(kind, message, source=source, reason="550 5.7.1 no"))

    world.ingester().run_once()

    assert (world.row(message).state, world.row(other).state) == (settled, "uncertain")


def test_a_complaint_suppresses(world: World) -> None:
    message = world.message("cross@example.com")
    world.journal(world.record(EventKind.COMPLAINED, message, source="webhook"))

    world.ingester().run_once()

    assert world.row(message).state == "complained"
    assert [(row.email, row.reason) for row in world.rows(suppressions)] == [("cross@example.com", "complaint")]


def test_an_unsubscribe_withdraws_consent_once_and_says_how(world: World) -> None:
    message = world.message()
    click = world.record(EventKind.UNSUBSCRIBED, message, reason="one_click", ip="2001:db8:1:2::3")
    world.journal(click, click)

    world.ingester().run_once()

    [contact] = world.rows(contacts)
    [record] = world.rows(consent_records)
    assert contact.consent == "unsubscribed"
    assert contact.updated_seq > 0
    assert (record.state, record.source, record.message_id) == ("unsubscribed", "one_click", message)
    assert (record.ip_prefix, record.user_agent) == ("2001:db8:1::/48", FIREFOX)


def test_a_conversion_with_an_order_number_counts_once(world: World) -> None:
    message = world.message()
    order = world.record(EventKind.CONVERTED, message, value=19.9, currency="EUR", key="A-1")
    nameless = world.record(EventKind.CONVERTED, message, value=5.0)
    world.journal(order, order, nameless, nameless)
    ingester = world.ingester()
    ingester.run_once()
    world.journal(order)

    again = ingester.run_once()

    assert again.dropped == {"duplicate": 1}
    [fact] = world.facts()
    assert (fact["conversions"], fact["revenue"]) == (3, pytest.approx(29.9))
    assert len(world.rows(event_keys)) == 1


def test_the_same_order_number_in_another_workspace_is_another_order(world: World) -> None:
    from core.accounts.workspaces import Workspaces
    from core.permissions import Principal

    mine = world.message()
    home, world.by = world.by, Principal.system(Workspaces(world.db, world.clock).create("Other").id)
    theirs = world.message(campaign_id=CAMPAIGN + 1)
    world.by = home
    world.journal(world.record(EventKind.CONVERTED, mine, key="A-1"), world.record(EventKind.CONVERTED, theirs, key="A-1"))

    report = world.ingester().run_once()

    assert report.kept == 2
    assert [event["message_id"] for event in world.events()] == [mine]


def test_what_can_not_be_used_is_left_out_with_a_reason_and_stops_nothing(world: World) -> None:
    message = world.message()
    good = world.record(EventKind.OPENED, message)
    world.journal(
        world.record(EventKind.OPENED, 999_999),
        world.record(EventKind.OPENED, None),
        {**good, "message_id": 2**64 - 1},
        {**good, "message_id": "1"},  # type: ignore[typeddict-item]
        {**good, "at": "yesterday"},
        {**good, "at": "2026-11-22T12:00:00"},
        good,
    )
    world.raw_journal(b'[1,2]\n{"kind":\nnull\n')

    report = world.ingester().run_once()

    assert report.kept == 1
    assert report.dropped == {"unmatched": 4, "invalid": 2, "unreadable": 3}
    assert {row.outcome: row.count for row in world.rows(intake_minutes) if row.outcome in set(DropReason)} == report.dropped


def test_an_unknown_kind_of_event_is_kept_as_unknown(world: World) -> None:
    message = world.message()
    world.journal({**world.record(EventKind.OPENED, message), "kind": "teleported"})

    world.ingester().run_once()

    assert [event["kind"] for event in world.events()] == ["unknown"]


def test_a_last_line_cut_off_by_a_crash_is_ignored_and_reported(world: World, caplog: pytest.LogCaptureFixture) -> None:
    message = world.message()
    whole = b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":%d}\n' % message
    world.raw_journal(whole + whole[:25])
    ingester = world.ingester()

    report = ingester.run_once()

    assert (report.kept, report.torn_bytes, report.dropped) == (1, 25, {})
    assert "25 bytes in receiver-1-abc.jsonl" in caplog.text
    assert ingester.run_once().torn_bytes == 0
    [offset] = world.rows(journal_offsets)
    assert (offset.offset, offset.torn_bytes) == (len(whole), 25)
    assert offset.finished_at is not None


def test_an_empty_file_that_is_only_being_made_is_read_later(world: World) -> None:
    message = world.message()
    path = world.raw_journal(b"")
    ingester = world.ingester()
    assert ingester.run_once().read == 0

    path.write_bytes(b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":%d}\n' % message)

    assert ingester.run_once().kept == 1


def test_a_failure_before_the_commit_changes_nothing_and_the_next_try_does_it_all(world: World) -> None:
    message = world.message(state="sending")
    world.journal(world.record(EventKind.SENT, message), world.record(EventKind.UNSUBSCRIBED, message))
    blocked = world.settings.data_dir / "blocked"
    blocked.write_text("a file where the lake's folder should be")
    broken = world.ingester(Lake(blocked, world.db, world.clock))

    with pytest.raises(StorageFull):
        broken.run_once()

    assert world.row(message).state == "sending"
    assert not world.rows(journal_offsets)
    assert not world.rows(lake_files)
    broken.close()
    assert world.ingester().run_once().kept == 2
    assert world.row(message).state == "accepted"
    assert len(world.events()) == 2


def test_only_one_ingests_and_a_dead_one_is_followed_by_another(world: World) -> None:
    message = world.message()
    world.journal(world.record(EventKind.OPENED, message))
    dead, next_one = world.ingester(), world.ingester()
    dead.run_once()
    world.journal(world.record(EventKind.OPENED, message))

    assert not next_one.run_once().is_active
    world.clock.advance(timedelta(seconds=10))

    assert next_one.run_once().kept == 1
    assert not dead.run_once().is_active
    assert len(world.events()) == 2


def test_facts_count_people_and_proxies_apart_from_machines(world: World) -> None:
    message = world.message()
    agents = {"human": FIREFOX, "proxy": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "machine": "Mozilla/5.0", "bot": "curl/8.5"}
    world.journal(
        world.record(EventKind.SENT, message),
        *(world.record(EventKind.OPENED, message, user_agent=agent) for agent in agents.values()),
        world.record(EventKind.CLICKED, message),
        world.record(EventKind.CLICKED, message, method="HEAD"),
        world.record(EventKind.UNSUBSCRIBED, message),
    )

    world.ingester().run_once()

    [fact] = world.facts()
    assert (fact["opens"], fact["machine_opens"], fact["clicks"], fact["machine_clicks"]) == (2, 2, 1, 1)
    assert fact["sent_at"] == fact["first_open_at"] == fact["first_click_at"] == fact["unsubscribed_at"] == world.clock.now()
    assert not world.rows(stale_facts)


def test_facts_are_replaced_and_the_old_file_stays_for_running_readers(world: World) -> None:
    message = world.message()
    world.journal(world.record(EventKind.OPENED, message))
    ingester = world.ingester()
    ingester.run_once()
    [old] = world.files(Dataset.FACTS)
    world.journal(world.record(EventKind.OPENED, message))

    ingester.run_once()

    [new] = world.files(Dataset.FACTS)
    assert new.id != old.id
    assert old.path.exists()
    assert [fact["opens"] for fact in world.facts()] == [2]


def test_many_small_files_become_one_and_no_event_is_lost_or_doubled(world: World) -> None:
    message = world.message()
    ingester = world.ingester()
    for _ in range(9):
        world.journal(world.record(EventKind.OPENED, message))
        ingester.run_once()

    files = world.files()

    assert sorted((file.level, file.rows) for file in files) == [(0, 1), (1, 8)]
    assert len({event["event_id"] for event in world.events()}) == len(world.events()) == 9


def test_events_of_two_months_and_both_halves_lie_in_their_own_files(world: World) -> None:
    message = world.message()
    before = world.clock.now() - timedelta(days=30)
    world.journal(
        world.record(EventKind.SENT, message, at=before),
        *(world.record(EventKind.OPENED, message, at=at) for at in (before, world.clock.now())),
    )

    world.ingester().run_once()

    assert {(file.event_class, file.month) for file in world.files()} == {
        ("sent", "2026-10"),
        ("engaged", "2026-10"),
        ("engaged", "2026-11"),
    }


def test_the_loop_ingests_until_it_is_stopped_and_gives_its_lease_back(sqlite_db: Database, small_world: World) -> None:
    message = small_world.message()
    small_world.journal(small_world.record(EventKind.OPENED, message))
    stop = threading.Event()
    loop = threading.Thread(target=small_world.ingester().run, args=(stop, 0.01))

    loop.start()
    for _ in range(1000):
        if small_world.rows(journal_offsets):
            break
        stop.wait(0.01)
    stop.set()
    loop.join(timeout=10)

    assert not loop.is_alive()
    assert len(small_world.events()) == 1
    assert small_world.ingester().run_once().is_active
