"""How a campaign stands: what is counted, how fast it goes, and how little it costs to watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.errors import Denied
from core.messages.pace import LONG, Pace
from core.messages.standings import Standing, Standings
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.storage.database import Database
from tests.conftest import NOON
from tests.messages.conftest import CAMPAIGN

S = MessageState
AddPeople = Callable[..., list[int]]
Enqueue = Callable[..., int]


class SlowClock(FrozenClock):
    """A clock that goes on a little whenever it is asked."""

    step = timedelta()

    def now(self) -> datetime:
        self.advance(self.step)
        return super().now()


@pytest.fixture
def standings(db: Database, clock: FrozenClock) -> Standings:
    return Standings(db, clock)


def settle(db: Database, count: int, **values: Any) -> None:
    waiting = sa.select(messages.c.id).where(messages.c.state == "queued", messages.c.due_at.is_(None)).order_by(messages.c.id).limit(count)
    with db.transaction() as connection:
        ids = connection.execute(waiting).scalars().all()
        connection.execute(sa.update(messages).where(messages.c.id.in_(ids)).values(**values))


def leaves(db: Database, count: int, at: datetime) -> None:
    """Let messages leave whose time has come."""
    due = sa.select(messages.c.id).where(messages.c.state == "queued", messages.c.due_at <= at).limit(count)
    with db.transaction() as connection:
        ids = connection.execute(due).scalars().all()
        connection.execute(sa.update(messages).where(messages.c.id.in_(ids)).values(state="accepted", accepted_at=at, due_at=None))


def test_it_tells_how_many_how_fast_and_how_long(
    db: Database, clock: FrozenClock, standings: Standings, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(100))
    assert standings.now(workspace, CAMPAIGN).rate is None
    for _ in range(4):
        clock.advance(timedelta(seconds=2))
        settle(db, 10, state="accepted", accepted_at=clock.now())
        settle(db, 2, state="skipped", reason="suppressed")
        found = standings.now(workspace, CAMPAIGN)
    assert found.counts == {S.ACCEPTED: 40, S.SKIPPED: 8, S.QUEUED: 52}
    assert (found.total, found.settled, found.open, found.at) == (100, 48, 52, clock.now())
    assert found.rate is not None
    assert found.rate.left_per_second == pytest.approx(5)
    assert found.seconds_left == pytest.approx(52 / 6)


def test_it_tells_what_waits_and_until_when(
    db: Database, clock: FrozenClock, standings: Standings, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(10))
    soon, later = clock.now() + timedelta(minutes=4), clock.now() + timedelta(hours=8)
    settle(db, 2, state="retry", reason="451 later", due_at=soon + timedelta(minutes=1))
    settle(db, 1, state="retry", reason="451 later", due_at=soon)
    settle(db, 3, due_at=later)
    found = standings.now(workspace, CAMPAIGN)
    assert (found.retrying, found.next_try, found.put_off, found.next_turn) == (3, soon, 3, later)
    assert found.counts == {S.RETRY: 3, S.QUEUED: 7}


def test_what_waits_for_its_time_is_not_in_the_time_left(
    db: Database, clock: FrozenClock, standings: Standings, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(30))
    settle(db, 20, due_at=clock.now() + timedelta(hours=8))
    standings.now(workspace, CAMPAIGN)
    clock.advance(timedelta(seconds=5))
    settle(db, 5, state="accepted", accepted_at=clock.now())
    assert standings.now(workspace, CAMPAIGN).seconds_left == pytest.approx(5)
    clock.advance(timedelta(seconds=5))
    settle(db, 5, state="accepted", accepted_at=clock.now())
    assert standings.now(workspace, CAMPAIGN).seconds_left is None


def test_whose_time_has_come_waits_for_it_no_more(
    db: Database, clock: FrozenClock, standings: Standings, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(100))
    came, comes = clock.now() + timedelta(hours=1), clock.now() + timedelta(hours=3)
    settle(db, 90, due_at=came)
    settle(db, 10, due_at=comes)
    clock.advance(timedelta(hours=1, seconds=5))
    found = standings.now(workspace, CAMPAIGN)
    assert (found.put_off, found.next_turn, found.just_due, found.has_overdue) == (10, comes, 90, False)

    clock.advance(timedelta(minutes=5))
    found = standings.now(workspace, CAMPAIGN)
    assert (found.put_off, found.just_due, found.has_overdue) == (10, 0, True)
    for _ in range(4):
        clock.advance(timedelta(seconds=2))
        leaves(db, 10, clock.now())
        found = standings.now(workspace, CAMPAIGN)
    assert found.seconds_left == pytest.approx(50 / 5)


def test_a_count_that_takes_long_is_shared_for_a_while(db: Database, add_people: AddPeople, enqueue: Enqueue, workspace: Principal) -> None:
    clock = SlowClock(NOON)
    standings = Standings(db, clock)
    clock.step = timedelta(milliseconds=100)
    assert standings.now(workspace, CAMPAIGN).total == 0
    enqueue(add_people(3))
    clock.step = timedelta()
    assert standings.now(workspace, CAMPAIGN).total == 0
    after, clock.step = clock.now(), timedelta(milliseconds=100)
    assert standings.now(workspace, CAMPAIGN, after=after).total == 3
    enqueue(add_people(1))
    clock.step = timedelta()
    assert standings.now(workspace, CAMPAIGN).total == 3
    clock.advance(timedelta(seconds=1))
    assert standings.now(workspace, CAMPAIGN).total == 4


def test_another_workspaces_campaign_has_no_messages_here(
    db: Database, standings: Standings, add_people: AddPeople, enqueue: Enqueue, workspace: Principal
) -> None:
    enqueue(add_people(3))
    assert standings.now(workspace, CAMPAIGN).total == 3
    assert standings.now(Principal.system(workspace.workspace_id + 1), CAMPAIGN) == Standing(at=NOON)
    limited = Principal(workspace.workspace_id, "person:7", frozenset({Permission.CAMPAIGNS_VIEW}), lists=frozenset({1}))
    assert standings.now(limited, CAMPAIGN) == Standing()
    with pytest.raises(Denied):
        standings.now(Principal(workspace.workspace_id, "person:7", frozenset()), CAMPAIGN)


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    for second in range(0, 61, 2):
        done = second if second < 50 else 50 + 10 * (second - 50)
        pace.note(NOON + timedelta(seconds=second), done, done)
    rate = pace.rate()
    assert rate is not None
    assert rate.left_per_second == pytest.approx(10)
    assert rate.settled_per_second == pytest.approx(150 / 60)


@pytest.mark.parametrize(
    ("at", "settled"),
    [(timedelta(minutes=5), 20), (timedelta(seconds=-3), 20), (timedelta(seconds=3), 4)],
    ids=["a gap", "a clock set back", "fewer"],
)
def test_the_pace_begins_anew_where_two_moments_can_t_be_compared(at: timedelta, settled: int) -> None:
    pace = Pace()
    pace.note(NOON, 10, 10)
    pace.note(NOON + at, settled, settled)
    assert pace.rate() is None


def test_standing_still_is_a_pace_too() -> None:
    pace = Pace()
    for second in range(int(2 * LONG.total_seconds())):
        pace.note(NOON + timedelta(seconds=second), 10, 10)
    rate = pace.rate()
    assert rate is not None
    assert (rate.left_per_second, rate.settled_per_second) == (0, 0)
