"""Settling clicks, judging history again, and the hidden link, through the ingester."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.errors import Conflict, StorageFull
from core.events.jobs import IntakeJobs, JobChore, JobKind, JobState
from core.events.rejudging import DRY_RUN, Rejudging
from core.events.settling import WAIT, Settling, settled_until
from core.events.tables import intake_jobs, settled_clicks
from core.storage.event_words import EventKind
from core.storage.lake import Lake
from tests.events.conftest import World

HOME = {"ip": "81.2.69.160"}
ACTORS = "event_id, actor, actor_reason, signals"


def settling(world: World, **options: Any) -> Settling:
    return Settling(world.db, world.clock, options.pop("lake", world.lake), world.engine, **options)


def click(world: World, message: int, link: int, **known: Any) -> Any:
    return world.record(EventKind.CLICKED, message, link_id=link, **{**HOME, **known})


def let(world: World, seconds: float) -> None:
    world.clock.advance(timedelta(seconds=seconds))


def until(world: World) -> Any:
    with world.db.read() as connection:
        return settled_until(connection, world.by.workspace_id)


def verdicts(world: World) -> list[tuple[str, str]]:
    return sorted((row["actor"] or "", row["actor_reason"] or "") for row in world.events(ACTORS))


def scan(world: World) -> int:
    """A scanner's clicks on three links, each in a batch of its own, and a person's on another message."""
    message, other = world.message(), world.message()
    links = [world.link(f"https://example.com/{number}") for number in range(3)]
    ingester = world.ingester()
    world.journal(world.record(EventKind.SENT, message), click(world, other, links[0]))
    for link in links:
        world.journal(click(world, message, link))
        ingester.catch_up()
        let(world, 1)
    ingester.close()
    return message


def test_clicks_are_judged_again_together_and_nothing_is_lost(world: World) -> None:
    assert until(world) is None
    scan(world)
    before = world.events()
    assert {one for one, _ in verdicts(world) if one} == {"human"}

    ingester = world.ingester(chores=(settling(world),))
    ingester.run_once()
    assert verdicts(world).count(("machine", "every_link")) == 0 and until(world) < world.clock.now()
    let(world, 60)  # what an automation waits at most
    ingester.run_once()
    now = world.events()
    kept = ("actor", "actor_reason", "signals", "rules_version")
    assert [{k: v for k, v in row.items() if k not in kept} for row in now] == [
        {k: v for k, v in row.items() if k not in kept} for row in before
    ]
    assert [row["actor_reason"] for row in now].count("every_link") == 3
    assert [row["actor"] for row in now if row["kind"] == "clicked"].count("human") == 1
    assert until(world) == world.clock.now() - WAIT
    assert sum(row["machine_clicks"] for row in world.facts()) == 3
    assert sum(row["clicks"] for row in world.facts()) == 1

    files = [file.id for file in world.files()]
    let(world, 70)
    ingester.run_once()
    assert [file.id for file in world.files()] == files
    assert world.rows(settled_clicks)[0].waiting_since is None


def test_the_hidden_link_gives_a_machine_away(small_world: World) -> None:
    message, link = small_world.message(), small_world.link("https://example.com/")
    small_world.journal(click(small_world, message, 0))
    ingester = small_world.ingester(chores=(settling(small_world),))
    ingester.catch_up()
    let(small_world, 20)
    small_world.journal(click(small_world, message, link))
    ingester.catch_up()
    assert verdicts(small_world) == [("human", ""), ("machine", "honeypot")]
    let(small_world, 90)
    ingester.run_once()
    assert verdicts(small_world) == [("machine", "honeypot"), ("machine", "near_honeypot")]


def test_what_a_crash_leaves_is_done_again(world: World) -> None:
    class Full(Lake):
        def commit(self, *given: Any, **known: Any) -> None:
            super().commit(*given, **known)
            raise StorageFull("The lake can't be written.", hint="Free some space.")

    scan(world)
    let(world, 70)
    before = world.events()
    with pytest.raises(StorageFull):
        settling(world, lake=Full(world.settings.lake_dir, world.db, world.clock)).run(lambda connection: None)
    assert world.events() == before
    assert until(world) < world.clock.now() - timedelta(seconds=65)

    settling(world, at_once=1).run(lambda connection: None)
    for _ in range(4):
        settling(world).run(lambda connection: None)
    assert [row["actor_reason"] for row in world.events()].count("every_link") == 3
    assert until(world) == world.clock.now() - WAIT


def test_a_file_replaced_meanwhile_is_not_replaced_twice(small_world: World) -> None:
    scan(small_world)
    file = small_world.files()[0]
    with small_world.db.transaction() as connection:
        small_world.lake.commit(connection, [], replaced=[file.id])
    with pytest.raises(Conflict), small_world.db.transaction() as connection:
        small_world.lake.commit(connection, [], replaced=[file.id])


def test_late_clicks_hold_up_what_is_settled_until_they_are(small_world: World, clock: FrozenClock) -> None:
    scan(small_world)
    let(small_world, 70)
    chore = settling(small_world)
    chore.run(lambda connection: None)
    message, late = small_world.message(), clock.now() - timedelta(days=3)
    small_world.journal(click(small_world, message, small_world.link("https://example.com/late"), at=late))
    ingester = small_world.ingester(chores=(chore,))
    ingester.run_once()
    assert until(small_world) == small_world.clock.now() - WAIT
    assert small_world.rows(settled_clicks)[0].waiting_since is None


def forget(world: World) -> None:
    """Make the lake look as an earlier release left it: verdicts by fewer rules, no signals."""
    for file in world.files():
        table = pq.ParquetFile(file.path).read()
        names = [name for name in table.column_names if name not in ("signals", "rules_version", "visitor")]
        judged = pa.array(["human" if kind == "clicked" else None for kind in table["kind"].to_pylist()], pa.string())
        table = table.select(names).set_column(names.index("actor"), "actor", judged)
        table = table.set_column(names.index("actor_reason"), "actor_reason", pa.nulls(table.num_rows, pa.string()))
        pq.write_table(table, file.path)


def reclassify(world: World, **place: Any) -> Any:
    jobs = IntakeJobs(world.db, world.clock)
    now = world.clock.now()
    with world.db.transaction() as connection:
        number = jobs.request(
            connection, world.by.workspace_id, JobKind.RECLASSIFY, now - timedelta(days=9), now + timedelta(1), "x", place=place
        )
    worker = Rejudging(world.db, world.clock, jobs, world.lake, world.engine)
    ingester = world.ingester(chores=(JobChore(world.db, jobs, {JobKind.RECLASSIFY: worker}),))
    for _ in range(10):
        ingester.run_once()
    ingester.close()
    with world.db.read() as connection:
        return connection.execute(sa.select(intake_jobs).where(intake_jobs.c.id == number)).one()


def test_history_is_judged_again_by_todays_rules(world: World) -> None:
    message, link = world.message(), world.link("https://example.com/")
    scan(world)
    world.journal(click(world, message, link, user_agent="python-requests/2.32"))
    world.journal(click(world, message, link, user_agent="Mozilla/5.0 (via ggpht.com GoogleImageProxy)"))
    ingester = world.ingester()
    ingester.catch_up()
    ingester.close()
    forget(world)
    rows = len(world.events("event_id"))

    dry = reclassify(world, **{DRY_RUN: True})
    assert dry.state == JobState.DONE and dry.counts == {"human_to_machine": 4, "human_to_proxy": 1, "judged": 6}
    assert not [row for row in world.events(ACTORS) if row["actor_reason"]]

    done = reclassify(world)
    assert done.counts == dry.counts
    reasons = sorted(row["actor_reason"] for row in world.events(ACTORS) if row["actor_reason"])
    assert reasons == ["every_link"] * 3 + ["http_library", "image_proxy"]
    assert len(world.events("event_id")) == rows
    assert reclassify(world).counts == {"judged": 6}
