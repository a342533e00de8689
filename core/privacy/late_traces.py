"""What comes in late about people who were erased: a click on an old email, a report that names the address.

A journal holds lines from before, and mail in mailboxes stays. So once an hour the files of the lake that are new are looked through, and
whatever could tell whose it was is taken out of them.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.errors import Conflict
from core.privacy.erasing_work import MARGIN
from core.privacy.hashes import SubjectHashes
from core.privacy.lake_traces import Erased, rewritten
from core.privacy.tables import erasure_sweeps, erasures
from core.storage.database import Database
from core.storage.lake import Dataset, Lake
from core.storage.tables import lake_files

EVERY = timedelta(hours=1)


class LateTraces:
    """Looks the lake's new files through.

    Args:
        db: The database.
        clock: The time.
        lake: Where events are kept.
        hashes: Tell whose an address is.
    """

    def __init__(self, db: Database, clock: Clock, lake: Lake, hashes: SubjectHashes) -> None:
        self._db, self._clock, self._lake, self._hashes = db, clock, lake, hashes

    def step(self) -> int:
        """Look through what is due and return how many rows changed."""
        now = self._clock.now()
        column = erasure_sweeps.c
        with self._db.read() as connection:
            due = connection.execute(sa.select(column.workspace_id, column.swept_to).where(column.swept_to <= now - EVERY)).all()
        return sum(self._sweep(workspace_id, swept_to, now) for workspace_id, swept_to in due)

    def _sweep(self, workspace_id: int, swept_to: datetime, now: datetime) -> int:
        changed = 0
        who, newer = self._who(workspace_id), self._newer(workspace_id, swept_to - MARGIN)
        with self._db.read() as connection:
            files = [file for file in self._lake.files(connection, workspace_id, Dataset.EVENTS) if file.id in newer]
        for file in files:
            made = rewritten(self._lake, file, who, self._hashes)
            if made is not None:
                try:
                    with self._db.transaction() as connection:
                        self._lake.commit(connection, [made[0]], replaced=[file.id])
                except Conflict:
                    return changed  # rewritten by somebody else meanwhile: looked through again in the next round
                changed += made[1]
        with self._db.transaction() as connection:
            connection.execute(sa.update(erasure_sweeps).where(erasure_sweeps.c.workspace_id == workspace_id).values(swept_to=now))
        return changed

    def _who(self, workspace_id: int) -> Erased:
        wanted = sa.select(erasures.c.contact_id, erasures.c.alias_ids, erasures.c.message_ids, erasures.c.email_hash).where(
            erasures.c.workspace_id == workspace_id
        )
        with self._db.read() as connection:
            rows = connection.execute(wanted).all()
        contact_ids = frozenset(number for row in rows for number in (row.contact_id, *row.alias_ids) if number is not None)
        message_ids = frozenset(number for row in rows for number in row.message_ids)
        return Erased(workspace_id, contact_ids, message_ids, frozenset(row.email_hash for row in rows))

    def _newer(self, workspace_id: int, since: datetime) -> frozenset[int]:
        column = lake_files.c
        wanted = sa.select(column.id).where(column.workspace_id == workspace_id, column.dead_at.is_(None), column.created_at >= since)
        with self._db.read() as connection:
            return frozenset(connection.execute(wanted).scalars())
