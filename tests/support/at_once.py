"""Two who do something at once, on PostgreSQL with two real connections: the second begins while the first is nearly done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import sqlalchemy as sa

from core.storage.database import Database
from tests.support.waiting import wait_for

# What every change comes to last: its line in the audit log.
HEADS = "select 1 from audit_heads for update"


@contextmanager
def stopped_at(db: Database, lock: str) -> Iterator[Callable[[int], object]]:
    """Let everybody wait who comes to a lock, and yield what waits until so many do."""
    with db.engine.connect() as connection, connection.begin():
        connection.execute(sa.text(lock))
        waiting = sa.text("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")

        def so_many() -> int:
            with db.engine.connect() as looking:  # anew each time: one transaction sees one state
                return int(looking.execute(waiting).scalar_one())

        def until(count: int) -> object:
            return wait_for(lambda: so_many() == count, f"{count} to wait")

        yield until


def one_after_the_other(db: Database, lock: str, first: Callable[[], object], second: Callable[[], object]) -> list[Future[object]]:
    """Return what became of two: the second begins while the first has done all but its last statement."""
    with ThreadPoolExecutor(2) as threads, stopped_at(db, lock) as until:
        futures = []
        for at, work in enumerate((first, second), 1):
            futures.append(threads.submit(work))
            until(at)
    return futures
