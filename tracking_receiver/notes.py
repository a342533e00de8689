"""Writing to the journal, and knowing whether that works: an answer says "noted" only when the line is written."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from core.errors import StorageFull
from core.storage.event_record import EventRecord
from core.storage.journal import JournalWriter, Record

_log = logging.getLogger(__name__)
_LITTLE_ROOM = 1024 * 1024


@dataclass(frozen=True)
class Health:
    """Whether the journal can be written.

    Args:
        is_writable: Whether the next line would be kept.
        waiting: Lines in memory that wait for room on the disk.
    """

    is_writable: bool
    waiting: int


class Notes:
    """Two journals: one for hits, written in the event loop, one for wishes, synced to the disk before the answer.

    They are apart so that a hit never waits for the sync of a wish.

    Args:
        folder: The journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hits, self._wishes = JournalWriter(folder, "receiver"), JournalWriter(folder, "receiver-durable")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._is_failing = False
        self.failures = 0

    @property
    def waiting(self) -> int:
        """How many lines wait in memory."""
        return self._hits.backlog + self._wishes.backlog

    def hit(self, record: EventRecord) -> bool:
        """Write a line and return whether it is written; if not, it waits in memory."""
        return self._append(self._hits, record, durable=False)

    async def wish(self, record: Record, *, keep: bool = True) -> bool:
        """Write a line, sync it to the disk, and return whether that worked.

        Args:
            record: What somebody wishes.
            keep: Whether it waits in memory where the disk is full; no, where reporting it again would count it twice.
        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: self._append(self._wishes, record, durable=True, keep=keep))

    def health(self) -> Health:
        """Return whether the journal can be written, trying to write what waits first."""
        self.flush()
        waiting = self._hits.backlog + self._wishes.backlog
        try:
            has_room = shutil.disk_usage(self._folder).free >= _LITTLE_ROOM
        except OSError:
            has_room = False
        return Health(has_room and not waiting and os.access(self._folder, os.W_OK), waiting)

    def flush(self) -> None:
        """Try to write the lines that wait in memory."""
        for writer in (self._hits, self._wishes):
            if writer.backlog:
                self._append(writer, None, durable=False)

    def close(self) -> None:
        """Write what waits if that is possible, and finish the files."""
        self._thread.shutdown()
        self.flush()
        lost = self._hits.backlog + self._wishes.backlog
        if lost:
            _log.error("stopping with %d unacknowledged events in memory: the disk is full", lost)
        self._hits.close()
        self._wishes.close()

    def _append(self, writer: JournalWriter, record: Record | None, *, durable: bool, keep: bool = True) -> bool:
        try:
            writer.append([] if record is None else [record], durable=durable, keep=keep)
        except (StorageFull, OSError) as error:
            if not self._is_failing:
                _log.error("the journal can't be written, events wait in memory: %s", error)
            self._is_failing = True
            self.failures += 1
            return False
        if self._is_failing and not writer.backlog:
            _log.warning("the journal can be written again")
            self._is_failing = False
        return True
