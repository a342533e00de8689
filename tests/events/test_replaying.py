"""Processing past events again: what was left out and can be told now gets in, once; whatever dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.consent.consent import Consent
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, suppressions
from core.errors import Conflict, InvalidInput, NotFound
from core.events.actions.means import Means
from core.events.chores import Guard
from core.events.ingester import Ingester
from core.events.intake import Intake
from core.events.jobs import IntakeJobs, Job, JobChore, JobKind, JobState
from core.events.past_lines import PastLines
from core.events.replaying import Replaying
from core.events.tables import event_keys, intake_jobs, reported_keys, stale_facts
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.permissions import Principal
from core.storage.database import Database
from core.storage.event_words import BounceClass, EventKind
from core.storage.lake import Lake
from tests.events.conftest import CAMPAIGN, World

HOUR = timedelta(hours=1)


def jobs_of(world: World) -> IntakeJobs:
    return IntakeJobs(world.db, world.clock)


def intake(world: World) -> Intake:
    keys = MessageKeys(world.settings.key)
    return Intake(world.db, world.clock, world.engine, jobs_of(world), keys, world.settings.journal_dir)


def ingester(world: World, *, piece_bytes: int = 300, lake: Lake | None = None) -> Ingester:
    """One that does jobs, in small pieces."""
    means = Means(world.clock, Consent(world.db, world.clock), Suppressions(world.db, world.clock))
    past, keys = PastLines(world.db, world.settings.journal_dir), MessageKeys(world.settings.key)
    worker = Replaying(world.db, world.clock, jobs_of(world), lake or world.lake, world.engine, past, keys, means, piece_bytes=piece_bytes)
    return world.ingester(chores=[JobChore(world.db, jobs_of(world), {JobKind.REPLAY: worker})])


def replay(world: World, *, by: Principal | None = None) -> Job:
    """Ask for the hour around now."""
    return intake(world).replay(by or world.by, world.clock.now() - HOUR, world.clock.now() + HOUR)


def work_off(world: World, job: Job, **options: Any) -> Job:
    """Let an ingester come to its end with it."""
    working = ingester(world, **options)
    for _ in range(100):
        found = jobs_of(world).get(job.workspace_id, job.id)
        if not found.is_open:
            working.close()
            return found
        working.run_once()
    raise AssertionError("the job does not end")


def move_on(world: World) -> None:
    """Let a moment pass, so that what is in the journals is past."""
    world.clock.advance(timedelta(minutes=5))


def message_numbered(world: World, number: int) -> int:
    """A message that the ledger learns of late, as after a restored backup."""
    made = world.message(f"late{number}@example.com")
    with world.db.transaction() as connection:
        connection.execute(sa.update(messages).where(messages.c.id == made).values(id=number))
    return number


def state(world: World) -> list[Any]:
    """All that matters of what events came to."""
    rows = lambda table, *names: sorted(tuple(getattr(row, name) for name in names) for row in world.rows(table))  # noqa: E731
    return [
        [(row["event_id"], row["kind"], row["message_id"]) for row in world.events()],
        rows(contacts, "id", "consent"),
        rows(suppressions, "email", "reason"),
        rows(event_keys, "key"),
    ]


def test_events_of_a_message_that_was_unknown_then_get_in_with_their_effects(world: World) -> None:
    known = world.message("known@example.com")
    world.journal(
        world.record(EventKind.OPENED, known),
        world.record(EventKind.OPENED, 9001),
        world.record(EventKind.UNSUBSCRIBED, 9001),
        world.record(EventKind.BOUNCED, 9002, source="webhook", bounce_class=BounceClass.HARD),
    )
    assert world.ingester().run_once().dropped == {"unmatched": 3}
    move_on(world)
    message_numbered(world, 9001), message_numbered(world, 9002)

    done = work_off(world, replay(world))

    assert (done.state, done.counts) == (JobState.DONE, {"known": 1, "added": 3})
    assert [row["kind"] for row in sorted(world.events(), key=lambda row: row["kind"])] == ["bounced", "opened", "opened", "unsubscribed"]
    assert [row.email for row in world.rows(suppressions)] == ["late9002@example.com"]
    assert {row.email: row.consent for row in world.rows(contacts)}["late9001@example.com"] == "unsubscribed"
    assert world.facts()[0]["opens"] == 1
    assert world.rows(stale_facts) == []


def test_a_second_time_changes_nothing(world: World) -> None:
    message = world.message()
    world.journal(*(world.record(EventKind.CONVERTED, message, key=f"order-{number}", value=9.5, currency="EUR") for number in range(9)))
    world.ingester().catch_up()
    move_on(world)
    before = state(world)
    for _ in range(2):
        assert work_off(world, replay(world)).counts == {"known": 9}
    assert state(world) == before


def test_what_was_told_twice_stays_one_event(world: World) -> None:
    world.journal(*(world.record(EventKind.CONVERTED, 9001, key="order-1") for _ in range(3)))
    first = world.message()
    world.journal(*(world.record(EventKind.CONVERTED, first, key="order-2") for _ in range(2)))
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)

    done = work_off(world, replay(world), piece_bytes=10_000_000)

    assert done.counts == {"known": 1, "added": 1, "duplicate": 3}
    assert len(world.events()) == 2
    assert work_off(world, replay(world)).counts == {"known": 2, "duplicate": 3}


def test_reports_are_read_again_item_by_item(world: World) -> None:
    items = [{"event": "bounced", "bounce_class": "hard", "recipient": f"p{n}@example.org", "id": f"e{n}"} for n in range(5)]
    world.journal(_report(world, items, provider="from-a-later-release"))  # type: ignore[arg-type]
    world.journal(_report(world, items[:2]))  # type: ignore[arg-type]
    world.ingester().catch_up()
    move_on(world)
    assert work_off(world, replay(world)).counts == {"known": 2, "invalid": 1}
    assert len(world.events()) == 2


def test_what_was_told_again_stays_one_event_also_when_its_names_are_forgotten(world: World) -> None:
    """Reports are remembered for two weeks only; replaying older ones must not take a repetition for news."""
    message = world.message("ada@example.com")
    at, key = world.clock.now().isoformat(), MessageKeys(world.settings.key).of(message)
    bounced = {"event": "bounced", "bounce_class": "soft", "recipient": "eve@example.org", "at": at}
    clicked = {"event": "clicked", "message": key, "url": "https://example.com/a", "at": at}
    delivered = {"event": "delivered", "message": key, "recipient": "ada@example.com"}
    for again in range(3):
        world.journal(_report(world, [each | {"id": f"{each['event']}-{again}"} for each in (bounced, clicked, delivered)]))  # type: ignore[arg-type]
    world.ingester().catch_up()
    move_on(world)
    before = world.events()
    with world.db.transaction() as connection:
        connection.execute(sa.delete(reported_keys))

    assert work_off(world, replay(world)).counts == {"known": 3, "duplicate": 6}
    assert world.events() == before


def test_another_workspaces_lines_are_left_alone(world: World) -> None:
    other = Principal.system(Workspaces(world.db, world.clock).create("Other").id)
    world.journal(world.record(EventKind.OPENED, 9001))
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    assert work_off(world, replay(world, by=other)).counts == {}
    assert world.events() == []
    assert work_off(world, replay(world)).counts == {"added": 1}


def test_only_the_time_asked_for_is_processed_again(world: World) -> None:
    now = world.clock.now()
    world.journal(*(world.record(EventKind.OPENED, 9001, at=now + timedelta(minutes=minute)) for minute in range(0, 60, 10)))
    world.clock.advance(2 * HOUR)
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    job = intake(world).replay(world.by, now + timedelta(minutes=10), now + timedelta(minutes=40))
    assert work_off(world, job).counts == {"added": 3}


def test_lines_that_still_wait_are_left_to_the_ingester(small_world: World) -> None:
    world = small_world
    message = world.message()
    writer = world.journal(world.record(EventKind.OPENED, message))
    world.ingester().run_once()
    writer.append([world.record(EventKind.OPENED, message) for _ in range(4)])
    move_on(world)
    past = PastLines(world.db, world.settings.journal_dir)
    piece = past.next({}, world.clock.now() - HOUR, world.clock.now(), max_bytes=1_000_000)
    assert piece is not None and len(piece.lines) == 1
    work_off(world, replay(world))
    assert len(world.events()) == 5


STEPS = [("lake_files", "insert"), ("consent_records", "insert"), ("suppressions", "insert"), ("event_keys", "insert")]
STEPS += [("stale_facts", "insert"), ("intake_jobs", "update")]


@pytest.mark.parametrize(("table", "operation"), STEPS, ids=lambda value: str(value))
def test_a_piece_that_fails_at_any_statement_is_done_whole_the_next_time(small_world: World, table: str, operation: str) -> None:
    world = small_world
    world.journal(
        world.record(EventKind.UNSUBSCRIBED, 9001),
        world.record(EventKind.CONVERTED, 9001, key="1"),
        world.record(EventKind.BOUNCED, 9002, source="webhook", bounce_class=BounceClass.HARD),
    )
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001), message_numbered(world, 9002)
    job, before = replay(world), state(world)
    worker = _worker(world)
    with _refusing(world.db, table, operation), pytest.raises(IntegrityError, match="refused"):
        worker.work(job, lambda connection: None)
    assert state(world) == before
    assert jobs_of(world).get(world.by.workspace_id, job.id).place == {}

    assert work_off(world, job).counts == {"added": 3}
    assert len(world.events()) == 3


class _Dies(BaseException):
    """Whatever ends a process where it stands."""


def test_dying_between_pieces_or_inside_one_neither_loses_nor_doubles(small_world: World) -> None:
    world = small_world
    lines = [world.record(EventKind.CONVERTED, 9001, key=f"order-{number}") for number in range(12)]
    lines += [world.record(EventKind.OPENED, 9001) for _ in range(12)]
    world.journal(*lines)
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    job = replay(world)
    for survives in range(12):
        worker, going = _worker(world), jobs_of(world).get(world.by.workspace_id, job.id)
        if going.is_open:
            with suppress(_Dies):
                worker.work(going, _dying_after(survives % 3))
    assert work_off(world, job).state is JobState.DONE
    assert len(world.events()) == 24
    assert sorted({row["event_id"] for row in world.events()}) == sorted(row["event_id"] for row in world.events())
    assert len(world.rows(event_keys)) == 12


def test_a_job_that_was_stopped_does_nothing_more(small_world: World) -> None:
    world = small_world
    world.journal(*(world.record(EventKind.OPENED, 9001) for _ in range(3)))
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    job = replay(world)
    intake(world).cancel(world.by, job.id)
    with pytest.raises(Conflict):
        _worker(world).work(job, lambda connection: None)
    ingester(world).run_once()
    assert world.events() == []
    with pytest.raises(NotFound):
        intake(world).cancel(world.by, job.id)


def test_one_at_a_time_and_only_of_the_past(small_world: World) -> None:
    world = small_world
    first = replay(world)
    with pytest.raises(Conflict):
        replay(world)
    other = Principal.system(Workspaces(world.db, world.clock).create("Other").id)
    assert replay(world, by=other).id > first.id
    with pytest.raises(InvalidInput):
        intake(world).replay(world.by, world.clock.now() + HOUR, world.clock.now() + 2 * HOUR)
    with pytest.raises(InvalidInput):
        intake(world).replay(world.by, world.clock.now().replace(tzinfo=None), world.clock.now())


def test_a_job_that_cannot_go_on_ends_and_lets_the_next_one_pass(small_world: World, clock: FrozenClock) -> None:
    world = small_world
    with world.db.transaction() as connection:
        broken = jobs_of(world).request(connection, world.by.workspace_id, JobKind.RECLASSIFY, clock.now() - HOUR, clock.now(), "cli")
    job = replay(world)
    assert work_off(world, job).state is JobState.DONE
    ended = jobs_of(world).get(world.by.workspace_id, broken)
    assert (ended.state, ended.finished_at is not None) == (JobState.FAILED, True)
    assert "Something went wrong" in ended.error


def test_a_full_disk_is_waited_for(small_world: World) -> None:
    world = small_world
    world.journal(world.record(EventKind.OPENED, 9001))
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    job, blocked = replay(world), world.settings.data_dir / "blocked"
    blocked.write_text("")
    working = ingester(world, lake=Lake(blocked, world.db, world.clock))
    working.run_once()
    working.close()
    assert jobs_of(world).get(world.by.workspace_id, job.id).state is JobState.WAITING
    assert work_off(world, job).counts == {"added": 1}


def test_many_pieces_leave_few_files(small_world: World) -> None:
    world = small_world
    world.journal(*(world.record(EventKind.OPENED, 9001) for _ in range(60)))
    world.ingester().catch_up()
    move_on(world)
    message_numbered(world, 9001)
    assert work_off(world, replay(world)).counts == {"added": 60}
    assert len(world.files()) < 16  # of sixty, one a piece
    assert [row.campaign_id for row in world.rows(messages) if row.id == 9001] == [CAMPAIGN]
    assert [row.state for row in world.rows(intake_jobs)] == ["done"]


def _report(world: World, items: list[dict[str, str]], provider: str = "generic") -> dict[str, Any]:
    """A report as the receiver writes it."""
    line = {"kind": "webhook", "at": world.clock.now().isoformat(timespec="microseconds"), "source": "receiver", "provider": provider}
    line |= {"workspace_id": world.by.workspace_id, "connection_id": 1, "content_type": "application/json"}  # type: ignore[dict-item]
    return line | {"body": orjson.dumps(items).decode()}


def _worker(world: World) -> Replaying:
    means = Means(world.clock, Consent(world.db, world.clock), Suppressions(world.db, world.clock))
    past, keys = PastLines(world.db, world.settings.journal_dir), MessageKeys(world.settings.key)
    return Replaying(world.db, world.clock, jobs_of(world), world.lake, world.engine, past, keys, means, piece_bytes=600)


def _dying_after(pieces: int) -> Guard:
    """A process that dies in the middle of a piece, after some whole ones."""
    left = [pieces]

    def guard(connection: sa.Connection) -> None:
        if not left[0]:
            raise _Dies
        left[0] -= 1

    return guard


@contextmanager
def _refusing(db: Database, table: str, operation: str) -> Iterator[None]:
    with db.transaction() as connection:
        connection.execute(sa.text(f"create trigger refuse before {operation} on {table} begin select raise(abort, 'refused'); end"))
    yield
    with db.transaction() as connection:
        connection.execute(sa.text("drop trigger refuse"))
