"""What the ingester remembers does not grow for ever, and nothing is forgotten too early."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.events.forgetting import Forgetting
from core.events.report_keys import REMEMBERED_DAYS
from core.events.retention import JournalRetention
from core.events.tables import event_keys, intake_minutes, reported_keys
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.tables import journal_offsets
from tests.events.conftest import World
from tests.events.reports import report

DAYS = 30


def nobody_else(_connection: sa.Connection) -> None:
    """The lease is ours."""


def forget(world: World) -> None:
    chore = Forgetting(world.db, world.clock)
    for _ in range(300):
        chore.run(nobody_else)


def retention(world: World) -> JournalRetention:
    return JournalRetention(world.db, world.clock, world.settings.journal_dir, DAYS)


def journal_files(world: World) -> list[str]:
    return sorted(path.name for path in world.settings.journal_dir.iterdir())


def test_names_of_reported_events_are_forgotten_and_order_numbers_are_not(world: World) -> None:
    message = world.message()
    world.journal(world.record(EventKind.CONVERTED, message, key="A-1"))
    ingester = world.ingester()
    events = [{"event": "opened", "recipient": "ada@example.com", "id": str(n), "at": world.clock.now().isoformat()} for n in range(50)]
    report(world, events)
    ingester.run_once()
    remembered = len(world.rows(reported_keys))

    world.clock.advance(timedelta(days=REMEMBERED_DAYS))
    forget(world)
    assert len(world.rows(reported_keys)) == remembered > 0
    world.clock.advance(timedelta(days=1))
    forget(world)

    assert world.rows(reported_keys) == []
    assert len(world.rows(event_keys)) == 1


def test_names_live_as_long_as_the_lines_that_may_be_processed_again(small_world: World) -> None:
    world = small_world
    report(world, {"event": "opened", "recipient": "ada@example.com", "id": "1", "at": world.clock.now().isoformat()})
    world.ingester().run_once()
    world.clock.advance(timedelta(days=REMEMBERED_DAYS + 5))
    chore = Forgetting(world.db, world.clock, journal_days=90)
    for _ in range(256):
        chore.run(nobody_else)
    assert world.rows(reported_keys)


def test_minutes_are_forgotten_after_a_quarter(world: World) -> None:
    world.journal(world.record(EventKind.OPENED, world.message()))
    world.ingester().run_once()
    world.clock.advance(timedelta(days=89))
    forget(world)
    assert world.rows(intake_minutes)
    world.clock.advance(timedelta(days=2))
    forget(world)
    assert world.rows(intake_minutes) == []


def test_a_chore_that_is_done_rests(small_world: World) -> None:
    world = small_world
    asked: list[object] = []
    for chore in (Forgetting(world.db, world.clock), retention(world)):
        world.settings.journal_dir.mkdir(exist_ok=True)
        asked.clear()
        for _ in range(600):
            chore.run(asked.append)
        first = len(asked)
        for _ in range(10):
            chore.run(asked.append)
        assert 0 < first == len(asked) <= 256
        world.clock.advance(timedelta(days=1))
        chore.run(asked.append)
        assert len(asked) == first + 1


def test_a_journal_file_is_deleted_with_its_offset_once_it_is_old_and_read(world: World) -> None:
    message = world.message()
    old = world.journal(world.record(EventKind.OPENED, message))
    old.close()
    young = world.journal(world.record(EventKind.OPENED, message))  # its writer goes on
    world.ingester().run_once()
    world.clock.advance(timedelta(days=DAYS - 1))
    retention(world).run(nobody_else)
    assert len(world.rows(journal_offsets)) == len(journal_files(world)) == 2

    world.clock.advance(timedelta(days=2))
    retention(world).run(nobody_else)

    [left] = world.rows(journal_offsets)
    assert journal_files(world) == [left.file]
    young.append([world.record(EventKind.OPENED, message)])
    assert world.ingester().run_once().read == 1
    assert len(world.events()) == 3


def test_a_file_that_was_not_read_to_its_end_stays(world: World) -> None:
    message = world.message()
    writer = world.journal(world.record(EventKind.OPENED, message))
    writer.close()
    ingester = world.ingester()
    ingester.run_once()
    [offset] = world.rows(journal_offsets)
    with (world.settings.journal_dir / offset.file).open("ab") as file:
        file.write(b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":%d}\n' % message)
    unread = JournalWriter(world.settings.journal_dir, "unread")
    unread.append([world.record(EventKind.OPENED, message)])
    unread.close()
    before = journal_files(world)

    world.clock.advance(timedelta(days=DAYS + 1))
    retention(world).run(nobody_else)

    assert journal_files(world) == before
    assert ingester.run_once().read == 2


def test_a_torn_last_line_does_not_keep_a_file(world: World) -> None:
    whole = b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":%d}\n' % world.message()
    path = world.raw_journal(whole + whole[:20])
    world.ingester().run_once()
    world.clock.advance(timedelta(days=DAYS + 1))
    retention(world).run(nobody_else)
    assert not path.exists()


def test_a_file_that_is_not_there_keeps_its_offset(world: World, tmp_path: Path) -> None:
    """The folder may not have been mounted: a file that comes back must not be read a second time."""
    world.journal(world.record(EventKind.OPENED, world.message())).close()
    world.ingester().run_once()
    [name] = journal_files(world)
    away = tmp_path / name
    (world.settings.journal_dir / name).rename(away)
    world.clock.advance(timedelta(days=DAYS + 1))

    retention(world).run(nobody_else)
    away.rename(world.settings.journal_dir / name)

    assert world.ingester().run_once().read == 0


def test_whoever_does_not_hold_the_lease_deletes_nothing(small_world: World) -> None:
    world = small_world
    world.journal(world.record(EventKind.OPENED, world.message())).close()
    world.ingester().run_once()
    world.clock.advance(timedelta(days=DAYS + 1))

    def refuse(_connection: sa.Connection) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        retention(world).run(refuse)
    assert len(journal_files(world)) == len(world.rows(journal_offsets)) == 1


def test_a_crash_between_file_and_offset_is_seen_through_by_the_next_run(small_world: World) -> None:
    world = small_world
    world.journal(world.record(EventKind.OPENED, world.message())).close()
    world.ingester().run_once()
    world.clock.advance(timedelta(days=DAYS + 1))
    with _refusing_to_forget(world), pytest.raises(IntegrityError, match="refused"):
        retention(world).run(nobody_else)
    assert len(world.rows(journal_offsets)) == len(journal_files(world)) == 1
    assert world.ingester().run_once().read == 0

    retention(world).run(nobody_else)

    assert journal_files(world) == []
    assert world.rows(journal_offsets) == []
    assert len(world.events()) == 1


def test_a_crash_after_the_offset_leaves_a_file_that_nobody_reads_and_the_next_run_deletes(small_world: World) -> None:
    world = small_world
    left = world.raw_journal(b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":1}\n', "receiver-1-abc.jsonl.done")
    world.message()
    assert world.ingester().run_once().read == 0
    retention(world).run(nobody_else)
    assert not left.exists()


@contextmanager
def _refusing_to_forget(world: World) -> Iterator[None]:
    with world.db.transaction() as connection:
        connection.execute(sa.text("create trigger refuse before delete on journal_offsets begin select raise(abort, 'refused'); end"))
    yield
    with world.db.transaction() as connection:
        connection.execute(sa.text("drop trigger refuse"))
