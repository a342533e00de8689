"""What is reported twice counts once, however it comes; what people do twice counts twice."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.events.report_keys import REMEMBERED_DAYS
from core.events.tables import reported_keys
from core.messages.keys import MessageKeys
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.lake import Lake
from tests.conftest import NOON
from tests.events.conftest import FIREFOX, World
from tests.events.reports import line, report

ADA = "ada@example.com"


def told(world: World, kind: str = "opened", *, at: datetime | None = None, **known: Any) -> dict[str, Any]:
    return {"event": kind, "at": (at or world.clock.now()).isoformat(), "recipient": ADA, "id": "e1", "user_agent": FIREFOX, **known}


def kinds(world: World) -> list[str]:
    return sorted(event["kind"] for event in world.events())


def ingest(world: World, *reports: Any) -> dict[str, int]:
    """Each report in a file of its own, all in one batch; returns what was left out."""
    for one in reports:
        report(world, one)
    ingester = world.ingester()
    dropped = ingester.run_once().dropped
    ingester.close()  # as a restart
    return dropped


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "across a restart"])
@pytest.mark.parametrize(
    "again",
    [{}, {"id": "another name"}, {"recipient": "ADA@example.com", "id": "e2"}],
    ids=["the same", "under a new name", "spelt otherwise"],
)
def test_an_event_reported_again_counts_once(world: World, together: bool, again: dict[str, str]) -> None:
    first, second = told(world), {**told(world), **again}
    dropped = Counter(ingest(world, first, second) if together else ingest(world, first))
    if not together:
        world.clock.advance(timedelta(days=3))
        dropped += Counter(ingest(world, [second, told(world, "clicked", id="e9")]))
    assert dropped == {"duplicate": 1}
    assert kinds(world) == ["opened"] if together else ["clicked", "opened"]
    assert world.events()[0]["provider_event_id"] in {"e1", "e9"}


def test_the_provider_s_own_name_tells_even_where_the_clock_was_corrected(small_world: World) -> None:
    world = small_world
    later = told(world, at=world.clock.now() - timedelta(seconds=1))
    assert ingest(world, told(world), later) == {"duplicate": 1}


def test_different_events_of_one_message_all_count(small_world: World) -> None:
    world = small_world
    key = MessageKeys(world.settings.key).of(world.message(ADA))
    reports = [
        told(world, "clicked", message=key, id="1", url="https://example.com/a"),
        told(world, "clicked", message=key, id="2", url="https://example.com/b"),
        told(world, "clicked", message=key, id="3", url="https://example.com/a", at=world.clock.now() - timedelta(seconds=1)),
        told(world, "opened", message=key, id="3"),
    ]
    assert ingest(world, reports) == {}
    assert len(world.events()) == 4


def test_a_message_is_delivered_once_whatever_the_clocks_say(world: World) -> None:
    key = MessageKeys(world.settings.key).of(world.message(ADA))
    first, second = (told(world, "delivered", message=key, id=str(n), at=world.clock.now() - timedelta(seconds=n)) for n in (1, 2))
    assert ingest(world, first) == {}
    assert ingest(world, second) == {"duplicate": 1}


def test_the_same_mail_to_two_people_is_delivered_twice(small_world: World) -> None:
    world = small_world
    both = [told(world, "delivered", message_id="x@else.example", recipient=f"{name}@else.example", id=name) for name in ("ada", "eve")]
    assert ingest(world, both) == {}


def test_what_names_neither_moment_nor_event_is_known_by_its_whole_text(small_world: World) -> None:
    world = small_world
    bare = {"event": "deferred", "recipient": ADA}
    assert ingest(world, [bare, bare], [bare, bare]) == {"duplicate": 2}
    assert ingest(world, [bare, bare, {**bare, "reason": "full"}]) == {}


def test_what_another_workspace_s_provider_reports_is_another_event(small_world: World) -> None:
    world = small_world
    other = Workspaces(world.db, world.clock).create("Other").id
    report(world, told(world))
    report(world, told(world), workspace_id=other)
    assert world.ingester().run_once().kept == 2


def test_what_our_own_receiver_saw_is_never_taken_for_a_repetition(world: World) -> None:
    message = world.message()
    world.journal(*(world.record(EventKind.CLICKED, message, link_id=1) for _ in range(3)))
    assert world.ingester().run_once().kept == 3


def test_the_order_in_which_events_come_and_how_late_does_not_matter(world: World) -> None:
    message = world.message(ADA, state="sending")
    key, now = MessageKeys(world.settings.key).of(message), world.clock.now()
    ages = {"clicked": 0, "opened": 1, "delivered": 2, "sent": 3}
    world.clock.advance(timedelta(days=6))
    for kind, minutes in ages.items():
        assert ingest(world, told(world, kind, message=key, id=kind, at=now - timedelta(minutes=minutes))) == {}
    assert {event["kind"]: event["occurred_at"] for event in world.events()} == {
        kind: now - timedelta(minutes=minutes) for kind, minutes in ages.items()
    }
    [fact] = world.facts()
    assert (fact["opens"], fact["clicks"], fact["sent_at"]) == (1, 1, now - timedelta(minutes=3))
    assert world.row(message).accepted_at is not None


@pytest.mark.parametrize("at", ["2038-01-01T00:00:00+00:00", "1970-01-01T00:00:00+00:00"])
def test_a_clock_that_can_not_be_right_is_not_believed_and_a_repetition_is_still_one(small_world: World, at: str) -> None:
    world = small_world
    assert ingest(world, told(world) | {"at": at}) == {}
    heard = world.clock.now()
    world.clock.advance(timedelta(hours=1))
    assert ingest(world, told(world) | {"at": at, "id": "another name"}) == {"duplicate": 1}
    assert [event["occurred_at"] for event in world.events()] == [heard]


def test_what_was_left_out_is_not_remembered_but_what_was_kept_is(small_world: World) -> None:
    world = small_world
    ingest(world, told(world), told(world, id="e2"))
    assert len(world.rows(reported_keys)) == 2  # by its content, and by the name of the one that was kept
    assert REMEMBERED_DAYS >= 7


# An event as a provider tells it: which of its messages, what, when, and (for a retry) under which name.
TOLD = st.tuples(st.integers(0, 2), st.sampled_from(["sent", "delivered", "opened", "clicked", "bounced", "odd"]), st.integers(0, 2))
POSTS = st.lists(st.lists(st.tuples(TOLD, st.integers(0, 2)), min_size=1, max_size=4), min_size=1, max_size=6)


@settings(
    max_examples=15, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(POSTS, st.randoms(use_true_random=False), st.integers(1, 4), st.integers(300, 3000))
def test_any_order_splitting_and_repetition_of_reports_comes_to_the_same_rows(
    migrated_file: Path, posts: list[Any], dice: Any, files: int, batch_bytes: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        plain, mixed = (_world(Path(folder) / name, migrated_file) for name in ("plain", "mixed"))
        for each in sorted({one for post in posts for one, _ in post}):
            _post(plain, [[(each, 0)]], "one")
        plain.ingester().catch_up()

        shuffled = [*posts, *dice.sample(posts, dice.randint(0, len(posts)))]
        dice.shuffle(shuffled)
        for number in range(files):
            _post(mixed, shuffled[number::files], f"file{number}")
            ingester = mixed.ingester(batch_bytes=batch_bytes)
            ingester.run_once()
            ingester.close()
        mixed.ingester().catch_up()

        assert _rows(mixed) == _rows(plain)
        assert [(row.id, row.state) for row in map(mixed.row, (1, 2))] == [(row.id, row.state) for row in map(plain.row, (1, 2))]
        for world in (plain, mixed):
            world.db.close()


def _world(data: Path, migrated: Path) -> World:
    configured = Settings.load(data_dir=data, secret_key="a-key-for-tests-only")
    shutil.copy(migrated, data / "app.db")
    db, clock = Database(configured.resolved_database_url), FrozenClock(NOON)
    lake = Lake(configured.lake_dir, db, clock)
    world = World(db, clock, configured, Principal.system(Workspaces(db, clock).create("Acme").id), lake, AnalyticsEngine(lake, db))
    for name in ("ada", "eve"):
        world.message(f"{name}@example.com")
    return world


def _post(world: World, posts: list[Any], process: str) -> None:
    """Write reports: events of our two messages, and of mail that is not ours."""
    keys = MessageKeys(world.settings.key)
    writer = JournalWriter(world.settings.journal_dir, process)
    for post in posts:
        body = []
        for (whose, kind, second), name in post:
            at = "" if kind == "delivered" and second == 2 else (world.clock.now() - timedelta(seconds=second)).isoformat()
            named = {"message": keys.of(whose + 1)} if whose < 2 else {"provider_message": "m", "recipient": "mallory@else.example"}
            body.append({"event": kind, "at": at, "id": f"{whose}{kind}{second}{name}", **named})
        writer.append([line(world, body)])
    writer.close()


def _rows(world: World) -> list[Any]:
    """The lake's rows but for what says in which report each was heard; a message is sent and delivered once, whenever."""
    once = ("sent", "delivered")
    return sorted(
        (event["kind"], event["message_id"] or 0, event["recipient"] or "", "" if event["kind"] in once else str(event["occurred_at"]))
        for event in world.events()
        if not (event["kind"] == "sent" and event["message_id"] is None)
    )
