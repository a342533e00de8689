"""Deleting journal files that were read to their end long ago; the events in them are in the lake.

A file must not be found again once its offset is forgotten, or all of its events would be ingested a second time. So it
is put out of sight first, by a name that no reader takes for a journal's; then its offset is forgotten; then it is deleted.
Killed anywhere in between, the next run goes on where this one ended.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from core.clock import Clock
from core.events.chores import Guard
from core.storage.database import Database
from core.storage.syncing import sync
from core.storage.tables import journal_offsets

_EVERY = timedelta(hours=1)
_AT_A_TIME = 20
_DONE = ".done"


class JournalRetention:
    """Once an hour: deletes journal files that are finished and were read to their end more than some days ago.

    Args:
        db: The database.
        clock: The time.
        folder: The journal folder.
        days: How many days they are kept.
    """

    def __init__(self, db: Database, clock: Clock, folder: Path, days: int) -> None:
        self._db, self._clock, self._folder = db, clock, folder
        self._kept = timedelta(days=days)
        self._due_at = clock.now()

    def run(self, guard: Guard) -> None:
        """Delete some files, or nothing where that was done within the last hour."""
        now = self._clock.now()
        if now < self._due_at or not self._folder.is_dir():
            return
        with self._db.transaction() as connection:
            guard(connection)  # held to the end: nobody reads a journal meanwhile
            names = self._due(connection)
            for name in names:
                if (self._folder / name).exists():
                    (self._folder / name).rename(self._folder / f"{name}{_DONE}")
            sync(self._folder)
            connection.execute(sa.delete(journal_offsets).where(journal_offsets.c.file.in_(names)))
        self._delete()
        if len(names) < _AT_A_TIME:
            self._due_at = now + _EVERY

    def _due(self, connection: sa.Connection) -> list[str]:
        """Return some files that were read to their end before the days kept."""
        column = journal_offsets.c
        old = column.finished_at < self._clock.now() - self._kept
        rows = connection.execute(sa.select(column.file, column.offset + column.torn_bytes).where(old).order_by(column.finished_at))
        sizes = {path.name.removesuffix(_DONE): path.stat().st_size for path in self._folder.glob("*.jsonl*")}
        # What is missing keeps its offset: the folder may have been mounted late. What is longer than what was read stays: `doctor`
        # says how much waits.
        return [name for name, length in rows if sizes.get(name) == length][:_AT_A_TIME]

    def _delete(self) -> None:
        with self._db.read() as connection:
            known = set(connection.execute(sa.select(journal_offsets.c.file)).scalars())
        for hidden in self._folder.glob(f"*.jsonl{_DONE}"):
            if hidden.name.removesuffix(_DONE) not in known:
                hidden.unlink(missing_ok=True)
