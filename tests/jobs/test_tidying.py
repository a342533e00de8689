"""The worker deletes old counts of what left, once a day, and tries again where that fails."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from core.app import Services
from core.clock import FrozenClock
from core.jobs.tidying import Tidying
from core.permissions import Principal
from core.providers.pace_book import PaceBook
from core.providers.pacing import Pacing
from core.providers.tables import connection_days

KEPT = timedelta(days=400)


def counted(services: Services) -> list[int]:
    with services.db.read() as connection:
        return sorted(connection.execute(sa.select(connection_days.c.count)).scalars())


def count_some(services: Services, clock: FrozenClock, count: int) -> Principal:
    by = Principal.system(services.workspaces.create(f"Acme {count}").id)
    outbox = services.connections.default(by)
    services.paces.set(by, outbox.id, Pacing(daily=1000))
    PaceBook(services.db, clock).count(by.workspace_id, outbox.id, {"": count})
    return by


def test_counts_are_kept_for_400_days_in_every_workspace_and_looked_through_once_a_day(services: Services, clock: FrozenClock) -> None:
    tidying = Tidying(services)
    count_some(services, clock, 3)
    count_some(services, clock, 5)
    clock.advance(timedelta(days=1))
    last = count_some(services, clock, 7)
    clock.advance(KEPT - timedelta(days=1))
    assert tidying.step() == 0  # 400 days old, and that day still counts
    assert counted(services) == [3, 5, 7]
    clock.advance(timedelta(days=1))
    assert tidying.step() == 2
    assert counted(services) == [7]
    clock.advance(timedelta(hours=1))
    assert tidying.step() == 0
    clock.advance(timedelta(days=1))
    assert tidying.step() == 1
    assert all(each.today == 0 for each in services.paces.all(last).values())


def test_a_database_that_fails_is_tried_again(services: Services, clock: FrozenClock) -> None:
    count_some(services, clock, 3)
    clock.advance(KEPT + timedelta(days=1))
    tidying = Tidying(services)
    with services.db.transaction() as connection:
        connection.execute(sa.text("alter table connection_days rename to elsewhere"))
    assert tidying.step() == 0
    with services.db.transaction() as connection:
        connection.execute(sa.text("alter table elsewhere rename to connection_days"))
    assert tidying.step() == 1
    assert counted(services) == []
