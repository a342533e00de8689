"""Wherever the ingester dies, the next one comes to the same result: nothing missing, nothing doubled."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.contacts.tables import consent_records, contacts, suppressions
from core.errors import StorageFull
from core.events.tables import event_keys, intake_minutes, reported_keys, stale_facts
from core.messages.tables import messages
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_words import BounceClass, EventKind
from core.storage.journal import JournalWriter
from core.storage.lake import Lake
from core.storage.tables import journal_offsets
from tests.conftest import NOON
from tests.events.conftest import World
from tests.events.reports import report

STEPS = [
    ("journal_offsets", "insert"),
    ("lake_files", "insert"),
    ("messages", "update"),
    ("consent_records", "insert"),
    ("contacts", "update"),
    ("suppressions", "insert"),
    ("event_keys", "insert"),
    ("reported_keys", "insert"),
    ("intake_minutes", "insert"),
    ("stale_facts", "insert"),
]


def _everything(world: World) -> list[Any]:
    """All that batches change, but for the order in which they did."""
    rows = lambda table, *names: sorted(tuple(getattr(row, name) for name in names) for row in world.rows(table))  # noqa: E731
    return [
        # Whether an open came soon depends on whether the ledger said by then when the message was accepted.
        [{**row, "signals": ",".join(word for word in (row["signals"] or "").split(",") if word != "soon")} for row in world.events()],
        world.facts(),
        rows(messages, "id", "state", "accepted_at", "recorded_at"),
        rows(contacts, "id", "consent"),
        rows(consent_records, "contact_id", "state", "source"),
        rows(suppressions, "email", "reason"),
        rows(event_keys, "key"),
        rows(reported_keys, "key"),
        rows(intake_minutes, "workspace_id", "step", "outcome", "count"),
        rows(stale_facts, "campaign_id"),
        rows(journal_offsets, "file", "offset", "torn_bytes"),
    ]


@pytest.mark.parametrize(("table", "operation"), STEPS, ids=lambda value: str(value))
def test_a_batch_that_fails_at_any_statement_counts_not_at_all_and_then_whole(small_world: World, table: str, operation: str) -> None:
    """The database itself refuses the statement, as it does when the disk or the connection gives way."""
    world = small_world
    sending, other = world.message(state="sending"), world.message()
    world.journal(
        world.record(EventKind.SENT, sending),
        world.record(EventKind.UNSUBSCRIBED, sending),
        world.record(EventKind.CONVERTED, other, key="1"),
        world.record(EventKind.BOUNCED, other, source="webhook", bounce_class=BounceClass.HARD),
        world.record(EventKind.OPENED, None),
    )
    report(world, {"event": "opened", "recipient": "eve@example.org", "id": "1"})
    before = _everything(world)
    broken = world.ingester()
    with _refusing(world.db, table, operation), pytest.raises(IntegrityError, match="refused"):
        broken.run_once()
    assert _everything(world) == before
    broken.close()

    assert world.ingester().run_once().kept == 5

    assert len(world.events()) == 5
    assert world.row(sending).state == "accepted"
    assert [row.count for row in world.rows(intake_minutes) if row.outcome == "unmatched"] == [1]


@contextmanager
def _refusing(db: Database, table: str, operation: str) -> Iterator[None]:
    with db.transaction() as connection:
        connection.execute(sa.text(f"create trigger refuse before {operation} on {table} begin select raise(abort, 'refused'); end"))
    yield
    with db.transaction() as connection:
        connection.execute(sa.text("drop trigger refuse"))


PEOPLE = 4
KINDS = [EventKind.SENT, EventKind.OPENED, EventKind.UNSUBSCRIBED, EventKind.CONVERTED, EventKind.BOUNCED]
LINES = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(1, PEOPLE + 1),  # one more than there are: an unknown message
        st.sampled_from(["", "k1", "k2"]),
    ),
    max_size=20,
)


@settings(
    max_examples=10, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(LINES, st.integers(1, 3), st.integers(0, 60), st.integers(400, 3000), st.lists(st.booleans(), max_size=4))
def test_any_cutting_into_batches_files_and_crashes_comes_to_the_same(
    migrated_file: Path, lines: list[Any], files: int, torn: int, batch_bytes: int, crashes: list[bool]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal"
        with (
            _world_on(Path(folder) / "one", journal, migrated_file) as whole,
            _world_on(Path(folder) / "two", journal, migrated_file) as cut,
        ):
            _write(whole, journal, lines, files, torn)

            whole.ingester().catch_up()
            _ingest_with_crashes(cut, batch_bytes, crashes)

            assert _everything(cut) == _everything(whole)


def _ingest_with_crashes(world: World, batch_bytes: int, crashes: list[bool]) -> None:
    """Small batches; before some of them an ingester dies because the lake can't be written."""
    blocked = world.settings.data_dir / "blocked"
    blocked.write_text("")
    for dies in [*crashes, False]:
        if dies:
            dying = world.ingester(Lake(blocked, world.db, world.clock), batch_bytes=batch_bytes)
            try:
                dying.run_once()
            except StorageFull:
                pass
            finally:
                dying.close()
        living = world.ingester(batch_bytes=batch_bytes)
        living.run_once()
        living.close()
    world.ingester(batch_bytes=batch_bytes).catch_up()


def _write(world: World, journal: Path, lines: list[Any], files: int, torn: int) -> None:
    """Spread the lines over files; the last file ends in the middle of a line."""
    for number in range(files):
        writer = JournalWriter(journal, f"test{number}")
        records = [
            world.record(kind, message, key=key, source="webhook", bounce_class=BounceClass.HARD if kind is EventKind.BOUNCED else None)
            for kind, message, key in lines[number::files]
        ]
        writer.append(records)
        writer.close()
    last = sorted(journal.glob("*.jsonl"))
    if last:
        with last[-1].open("ab") as file:
            file.write(b'{"kind":"opened","at":"2026-11-22T12:00:00+00:00","message_id":1}'[:torn])


@contextmanager
def _world_on(data: Path, journal: Path, migrated: Path) -> Iterator[World]:
    """A world of its own that reads a journal shared with another."""
    settings = Settings.load(data_dir=data, secret_key="a-key-for-tests-only")
    journal.mkdir(exist_ok=True)
    settings.journal_dir.symlink_to(journal.resolve())
    shutil.copy(migrated, data / "app.db")
    db, clock = Database(settings.resolved_database_url), FrozenClock(NOON)
    lake = Lake(settings.lake_dir, db, clock)
    by = Principal.system(Workspaces(db, clock).create("Acme").id)
    world = World(db, clock, settings, by, lake, AnalyticsEngine(lake, db))
    for _ in range(PEOPLE):
        world.message(state="sending")
    yield world
    db.close()
