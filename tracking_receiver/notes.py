"""Writing to the journal, and knowing whether that works: an answer says "noted" only when the line is written."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from core.errors import StorageFull
from core.storage.event_record import EventRecord
from core.storage.journal import JournalWriter, Record

_log = logging.getLogger(__name__)
_LITTLE_ROOM = 1024 * 1024
# Journals that are synced at the same time: the disk takes what two of them wait for in one go.
_AT_ONCE = 2


@dataclass(frozen=True)
class Health:
    """Whether the journal can be written.

    Args:
        is_writable: Whether the next line would be kept.
        waiting: Lines in memory that wait for room on the disk.
    """

    is_writable: bool
    waiting: int


class _Wish(NamedTuple):
    record: Record
    keep: bool
    answer: Callable[[bool], None]


class Notes:
    """The journals: one for hits, written in the event loop, two for wishes, synced to the disk before the answer.

    They are apart so that a hit never waits for the sync of a wish. Wishes that come while others are synced go to the disk
    together with the next sync.

    Args:
        folder: The journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._hits = JournalWriter(folder, "receiver")
        self._wishes = [JournalWriter(folder, "receiver-durable") for _ in range(_AT_ONCE)]
        self._free = list(self._wishes)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="journal")
        self._queue: list[_Wish] = []
        self._is_failing = False
        self.failures = 0

    @property
    def waiting(self) -> int:
        """How many lines wait in memory."""
        return sum(writer.backlog for writer in self._writers)

    def hits(self, records: Sequence[EventRecord]) -> bool:
        """Write lines and return whether they are written; if not, they wait in memory."""
        return self._append(self._hits, records, durable=False)

    async def wish(self, record: Record, *, keep: bool = True) -> bool:
        """Write a line, sync it to the disk, and return whether that worked.

        Args:
            record: What somebody wishes.
            keep: Whether it waits in memory where the disk is full; no, where reporting it again would count it twice.
        """
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.wish_then(record, lambda noted: None if done.done() else done.set_result(noted), keep=keep)
        return await done

    def wish_then(self, record: Record, answer: Callable[[bool], None], *, keep: bool = True) -> None:
        """Write a line, sync it to the disk, and then call `answer` in the event loop with whether that worked."""
        self._queue.append(_Wish(record, keep, answer))
        if len(self._queue) == 1:
            asyncio.get_running_loop().call_soon(self._sync_waiting)  # with what else comes in this turn

    def health(self) -> Health:
        """Return whether the journal can be written, trying to write what waits first."""
        self.flush()
        waiting = self.waiting
        try:
            has_room = shutil.disk_usage(self._folder).free >= _LITTLE_ROOM
        except OSError:
            has_room = False
        return Health(has_room and not waiting and os.access(self._folder, os.W_OK), waiting)

    def flush(self) -> None:
        """Try to write the lines that wait in memory."""
        for writer in self._writers:
            if writer.backlog:
                self._append(writer, [], durable=False)

    def close(self) -> None:
        """Write what waits if that is possible, and finish the files."""
        self._threads.shutdown()
        self.flush()
        lost = self.waiting
        if lost:
            _log.error("stopping with %d events in memory that were never written: the disk is full", lost)
        for writer in self._writers:
            writer.close()

    @property
    def _writers(self) -> list[JournalWriter]:
        return [self._hits, *self._wishes]

    def _sync_waiting(self) -> None:
        if not self._free or not self._queue:
            return
        wishes, self._queue = self._queue, []
        writer = self._free.pop()
        self._threads.submit(self._write_wishes, writer, wishes, asyncio.get_running_loop())

    def _write_wishes(self, writer: JournalWriter, wishes: Sequence[_Wish], loop: asyncio.AbstractEventLoop) -> None:
        """In a thread: put wishes on the disk, and have them answered by the loop, whatever happens."""
        noted: dict[bool, bool] = {}
        try:
            noted = self._write_by_keep(writer, wishes)
        finally:
            loop.call_soon_threadsafe(self._answer, writer, wishes, noted)

    def _write_by_keep(self, writer: JournalWriter, wishes: Sequence[_Wish]) -> dict[bool, bool]:
        """Return by `keep` whether the wishes of that kind are on the disk."""
        kept, unkept = [wish.record for wish in wishes if wish.keep], [wish.record for wish in wishes if not wish.keep]
        return {
            keep: self._append(writer, records, durable=True, keep=keep) for keep, records in ((True, kept), (False, unkept)) if records
        }

    def _answer(self, writer: JournalWriter, wishes: Sequence[_Wish], noted: dict[bool, bool]) -> None:
        self._free.append(writer)
        self._sync_waiting()
        for wish in wishes:
            try:
                wish.answer(noted.get(wish.keep, False))
            except Exception as error:  # one client's trouble must not keep the others waiting
                _log.error("an answer could not be given: %s", type(error).__name__)

    def _append(self, writer: JournalWriter, records: Sequence[Record], *, durable: bool, keep: bool = True) -> bool:
        try:
            writer.append(records, durable=durable, keep=keep)
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
