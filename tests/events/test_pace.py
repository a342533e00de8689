"""The ingester's time: whose facts come first, what a backlog costs, and what is put right afterwards."""

from __future__ import annotations

from datetime import timedelta

from core.events.facts import Facts
from core.events.tables import stale_facts
from core.events.throttle import Throttle
from core.storage.database import upsert
from core.storage.event_words import EventKind
from core.storage.lake import Dataset
from tests.events.conftest import World


def test_campaigns_take_turns_however_often_new_events_come(small_world: World) -> None:
    world = small_world
    facts, turns = Facts(world.db, world.lake, world.engine), []
    for _ in range(6):
        rows = [{"workspace_id": world.by.workspace_id, "campaign_id": campaign, "since": world.clock.now()} for campaign in (1, 2, 3)]
        with world.db.transaction() as connection:  # as every batch does in a click storm
            upsert(connection, stale_facts, rows, key=("campaign_id",), update=("since",))
        world.clock.advance(timedelta(seconds=1))
        first = facts.stale()[0]
        facts.rebuild(first, guard=lambda _connection: None)
        turns.append(first.campaign_id)
    assert turns[:3] == turns[3:]
    assert sorted(turns[:3]) == [1, 2, 3]


def test_catching_up_reads_all_batches_and_brings_facts_up_to_date_once(small_world: World) -> None:
    world = small_world
    message = world.message()
    world.journal(*(world.record(EventKind.OPENED, message) for _ in range(30)))
    total = world.ingester(batch_bytes=600).catch_up()
    assert (total.read, total.kept, total.more, total.is_active) == (30, 30, False, True)
    assert [fact["opens"] for fact in world.facts()] == [30]
    assert not world.rows(stale_facts)
    assert max(file.id for file in world.files(Dataset.FACTS)) > max(file.id for file in world.files() if file.level == 0)


def test_whoever_is_not_the_one_who_ingests_catches_up_on_nothing(small_world: World) -> None:
    world = small_world
    world.journal(world.record(EventKind.OPENED, world.message()))
    leader = world.ingester()
    leader.run_once()
    world.journal(world.record(EventKind.OPENED, 1))
    report = world.ingester().catch_up()
    assert (report.is_active, report.read) == (False, 0)


def test_a_round_is_followed_by_a_rest_in_proportion() -> None:
    now = [100.0]
    throttle = Throttle(monotonic=lambda: now[0])
    assert throttle.is_open()
    throttle.worked(2, share=0.2)
    now[0] = 107.9
    assert not throttle.is_open()
    now[0] = 108.0
    assert throttle.is_open()
