"""How far the ingester is behind the journals, and whether there is one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from core.clock import Clock
from core.events.past_lines import first_moment
from core.storage.database import Database
from core.storage.journal import JournalReader
from core.storage.tables import journal_offsets, leases


@dataclass(frozen=True)
class Backlog:
    """What waits in the journals.

    Args:
        waiting_bytes: How much has not been read yet.
        waiting_since: When the oldest line of it was written, None where nothing waits.
        behind: How many seconds ago that was; 0 where nothing waits.
        is_worked_on: Whether a process is ingesting now.
    """

    waiting_bytes: int
    waiting_since: datetime | None
    behind: float
    is_worked_on: bool


def measure(db: Database, clock: Clock, folder: Path) -> Backlog:
    """Return how far the ingester is behind."""
    with db.read() as connection:
        read = {row.file: (row.offset, row.torn_bytes) for row in connection.execute(sa.select(journal_offsets))}
        holder = sa.select(leases.c.owner).where(leases.c.name == "ingester", leases.c.expires_at > clock.now())
        is_worked_on = connection.execute(holder).first() is not None
    waiting, since = 0, []
    for path in JournalReader(folder).files():
        offset, torn = read.get(path.name, (0, 0))
        rest = _size(path) - offset - torn
        if rest > 0:
            waiting += rest
            since.append(first_moment(path, offset) or clock.now())
    oldest = min(since, default=None)
    behind = max(0.0, (clock.now() - oldest).total_seconds()) if oldest else 0.0
    return Backlog(waiting, oldest, behind, is_worked_on)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # its time was up a moment ago
        return 0
