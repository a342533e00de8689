"""Forgetting what nobody will ask about again: the names of reported events, and the counters of minutes long past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.events.chores import Guard
from core.events.report_keys import REMEMBERED_DAYS
from core.events.tables import intake_minutes, reported_keys
from core.storage.database import Database

# Keys are evenly spread over 63 bits, so a part of the range holds a part of them: no index on the day is needed, which
# would cost as much as the table with every event.
_PARTS = 256
_MINUTES_KEPT = timedelta(days=90)
_EVERY = timedelta(days=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Forgetting:
    """Once a day, part by part: deletes old keys of reports, and minutes older than 90 days.

    Keys of conversions with an order number stay: a page that is opened again a year later must not sell twice.

    Args:
        db: The database.
        clock: The time.
        journal_days: How long journals are kept. Keys live as long, but no shorter than `REMEMBERED_DAYS`: who processes past lines
            again must know which of them were repetitions.
    """

    def __init__(self, db: Database, clock: Clock, journal_days: int = 0) -> None:
        self._db, self._clock = db, clock
        self._days = max(REMEMBERED_DAYS, journal_days)
        self._part = 0
        self._due_at = clock.now()

    def run(self, guard: Guard) -> None:
        """Do one part, or nothing where all were done within the last day."""
        now = self._clock.now()
        if now < self._due_at:
            return
        with self._db.transaction() as connection:
            guard(connection)
            if self._part == 0:
                connection.execute(sa.delete(intake_minutes).where(intake_minutes.c.minute < now - _MINUTES_KEPT))
            connection.execute(_old_keys(self._part, (now - _EPOCH).days - self._days))
        self._part = (self._part + 1) % _PARTS
        if self._part == 0:
            self._due_at = now + _EVERY


def _old_keys(part: int, last_day: int) -> sa.Delete:
    key, width = reported_keys.c.key, 2**63 // _PARTS
    return sa.delete(reported_keys).where(key.between(part * width, part * width + width - 1), reported_keys.c.day < last_day)
