"""The journal: events as they arrive, one JSON object a line, append-only, one writer per file.

`append` returns after `write()`, so a killed process loses nothing it answered for; `fdatasync` follows within
milliseconds in a thread (or before the return with `durable=True`), so a power cut loses next to nothing.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from core.errors import StorageFull
from core.ids import random_name

ROTATE_BYTES = 64 * 1024 * 1024
SYNC_DELAY_SECONDS = 0.004
# A full disk is tried again after this long: every request doing so would make answers slow.
RETRY_SECONDS = 0.2
_BACKLOG_RECORDS = 100_000
_log = logging.getLogger(__name__)
# macOS has no fdatasync; fsync does the same and a little more.
_sync_data = getattr(os, "fdatasync", os.fsync)

Record = Mapping[str, Any]


class JournalWriter:
    """The only writer of its file; thread-safe within the process.

    Args:
        folder: The journal folder; made if missing.
        process: Who writes ("receiver", "delivery"); part of the file's name.
        rotate_bytes: A new file is begun once this size is passed.
    """

    def __init__(self, folder: Path, process: str, *, rotate_bytes: int = ROTATE_BYTES) -> None:
        self._folder, self._process, self._rotate_bytes = folder, process, rotate_bytes
        self._lock = threading.Lock()
        self._backlog: deque[bytes] = deque(maxlen=_BACKLOG_RECORDS)
        self._failed_at = float("-inf")
        self._descriptor = -1
        self._size = 0
        self._dirty = threading.Event()
        self._closing = False
        folder.mkdir(parents=True, exist_ok=True)
        self._syncer = threading.Thread(target=self._sync_behind, name="journal-sync", daemon=True)
        self._syncer.start()

    @property
    def backlog(self) -> int:
        """How many records wait in memory because the disk was full."""
        return len(self._backlog)

    def append(self, records: Sequence[Record], *, durable: bool = False, keep: bool = True) -> None:
        """Write records, in order, each as one line.

        Args:
            records: What happened.
            durable: Whether they are synced to the disk before the return.
            keep: Whether a full disk leaves them in memory, to be written by the next append that can; say no where the
                one who reports will be told to report again.

        Raises:
            StorageFull: If the disk is full; the caller must not acknowledge the records.
        """
        lines = [orjson.dumps(record) + b"\n" for record in records]
        with self._lock:
            try:
                self._write_with_backlog(lines, keep=keep)
                if durable and self._descriptor >= 0:
                    _sync_data(self._descriptor)
            except OSError as error:
                raise StorageFull("The disk of the journal is full.", hint="Free some space; waiting events are written then.") from error
            if not durable:
                self._dirty.set()

    def close(self) -> None:
        """Write what still waits, sync, release the file and stop the thread; the reader then knows that the file is complete."""
        self._closing = True
        self._dirty.set()
        self._syncer.join(timeout=5)
        with self._lock:
            self._failed_at = float("-inf")
            with suppress(OSError):
                self._write_with_backlog([], keep=True)
            self._close_file()

    def _write_with_backlog(self, lines: list[bytes], *, keep: bool) -> None:
        """Write lines behind those that wait; on a full disk they all wait, and are tried again after a moment, not at once."""
        try:
            if time.monotonic() - self._failed_at < RETRY_SECONDS:
                raise OSError(errno.ENOSPC, "the disk was full a moment ago")
            self._write(b"".join([*self._backlog, *lines]))
        except OSError:
            if time.monotonic() - self._failed_at >= RETRY_SECONDS:
                self._failed_at = time.monotonic()
            if keep:
                self._wait_in_memory(lines)
            raise
        self._backlog.clear()

    def _wait_in_memory(self, lines: list[bytes]) -> None:
        lost = len(self._backlog) + len(lines) - _BACKLOG_RECORDS
        if lost > 0:
            _log.error("the disk has been full for too long: %d events in memory are given up", lost)
        self._backlog.extend(lines)

    def _write(self, data: bytes) -> None:
        if not data:
            return
        if self._descriptor < 0 or self._size > self._rotate_bytes:
            self._open_next()
        view, start = memoryview(data), self._size
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except OSError:
            os.ftruncate(self._descriptor, start)  # no half line may stay in front of later records
            raise
        self._size += len(data)

    def _open_next(self) -> None:
        self._close_file()
        # Millisecond prefix: files sort by age; the random part makes the name, and so each event's id, unique.
        name = f"{self._process}-{time.time_ns() // 1_000_000}-{random_name()}.jsonl"
        hidden = self._folder / f".{name}"
        descriptor = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            hidden.rename(self._folder / name)  # seen only once it is locked: an unlocked file would pass for a finished one
        except OSError:
            os.close(descriptor)  # nobody reads a hidden file: nothing may be written there and called kept
            hidden.unlink(missing_ok=True)
            raise
        self._descriptor, self._size = descriptor, 0
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _close_file(self) -> None:
        if self._descriptor >= 0:
            _sync_data(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _sync_behind(self) -> None:
        while not self._closing:
            self._dirty.wait()
            time.sleep(SYNC_DELAY_SECONDS)  # gather what arrives meanwhile into one sync
            self._dirty.clear()
            # A duplicate is synced: the lock is not held meanwhile, and a rotation can't close it under us.
            with self._lock:
                descriptor = os.dup(self._descriptor) if self._descriptor >= 0 else -1
            if descriptor >= 0:
                try:
                    _sync_data(descriptor)
                except OSError as error:  # this thread must live on: later lines want to be synced too
                    _log.error("the journal could not be synced: %s", error)
                finally:
                    os.close(descriptor)


@dataclass(frozen=True)
class JournalSlice:
    """What was read from one journal file.

    Args:
        file: The file's name.
        records: Pairs of (byte offset of the line, the record); a line that is no JSON object comes as None.
        next_offset: Where to read on.
        torn_bytes: Bytes of a last line that was cut off by a crash and will never be completed.
        finished: Whether nothing will ever follow.
    """

    file: str
    records: list[tuple[int, dict[str, Any] | None]]
    next_offset: int
    torn_bytes: int
    finished: bool


class JournalReader:
    """Reads journals from remembered offsets, while their writers go on.

    Args:
        folder: The journal folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def files(self) -> list[Path]:
        """Return the journal files, oldest first."""
        visible = (path for path in self._folder.glob("*.jsonl") if not path.name.startswith("."))
        return sorted(visible, key=lambda path: (path.name.rsplit("-", 2)[-2:], path.name))

    def read(self, name: str, offset: int, *, max_bytes: int = 8 * 1024 * 1024) -> JournalSlice:
        """Return the complete lines of a file from `offset` on, at most about `max_bytes` of them."""
        path = self._folder / name
        abandoned = _is_abandoned(path)  # asked before the size: a writer may add lines in between, never after
        size = path.stat().st_size
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(min(max_bytes, size - offset))
            end = data.rfind(b"\n") + 1
            if end == 0 and offset + len(data) < size:  # one line longer than max_bytes
                data += file.readline()
                end = data.rfind(b"\n") + 1
        records: list[tuple[int, dict[str, Any] | None]] = []
        position = offset
        for line in data[:end].split(b"\n")[:-1]:
            records.append((position, _parse(line)))
            position += len(line) + 1
        at_end = offset + len(data) >= size
        torn = size - position if abandoned and at_end else 0
        return JournalSlice(name, records, position, torn, abandoned and at_end)


def _is_abandoned(path: Path) -> bool:
    """Return whether no writer holds the file: its process closed it or died."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)


def _parse(line: bytes) -> dict[str, Any] | None:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None
