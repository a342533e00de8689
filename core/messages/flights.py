"""The flight record: how far each message of a batch has got, kept so that it outlives the process that sends it.

A sender that is killed leaves messages of which the ledger knows only that they were about to leave. Most of them never left, or
are known to have arrived; asking nobody, the sender noted it here, a byte a message, in a file that is mapped into its memory.
A store into such a map is in the system's page cache at once and stays there however the process ends, so nothing is synced
and a note costs a fraction of a microsecond.

One file is for one drain (one `lease_owner`). Why what it says may be believed, and nothing is ever sent twice for it:

- **Its writer is surely dead, or has surely ended its drain.** The file is locked (`flock`) from before its first note, and the
  system gives the lock away only once the last thread of the process is gone: nobody reads a record without having got that lock.
  A sender that only is slow keeps it, and nothing changes for it. A drain that fails lets go of it after its last thread has ended.
- **No note can be missing.** Notes reach the page cache in the order in which they are made. They could be lost only with the
  power, so a record of another boot of the system counts for nothing; nor does a copy (a backup): it is another file.
- **“Waiting” means that it never left.** `begun` is stored before the first byte that could make a provider take a message. The
  store that was not made stands before the bytes that were not sent. What was written by then is `begun`, whether it arrived or not.
- **The record is of this very attempt.** Owners are unique to a drain, which has one batch under way at a time. Its record is emptied
  (one byte says whether it holds), filled and declared valid before the intent is committed, and declared void once the outcome is.
  So of a row that its owner has left `sending`, a valid record that names it tells the attempt that made it so.
- **It is a late answer and no more.** Only rows that are still `sending` or `uncertain` under the same owner are touched.

Wherever one of this does not hold (no record, another boot, another machine, a provider that does not tell how far it is), the
message becomes `uncertain` as it would without. Where the file can't be made, sending goes on without it.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import struct
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import orjson

from core.ids import random_name
from core.messages.flight_files import COUNTS, FORMAT, HEADER, HOLDS, IDS, REACHED, ROOM, SIZE, Errand, LeftBehind, Reached, identity, read
from core.messages.rows import Claimed
from core.providers.base import Outcome, SendResult
from core.providers.progress import UNNOTED, Progress

logger = logging.getLogger(__name__)

_SUFFIX = ".flight"
_MAKING = ".making"
_LONGEST_MAKING = 3_600  # seconds; who takes longer is dead, and what it left holds nothing
_ANSWERS = {
    (Outcome.ACCEPTED, True): Reached.ACCEPTED,
    (Outcome.REFUSED, True): Reached.REFUSED,
    (Outcome.RETRY, True): Reached.NOT_TAKEN,
    (Outcome.RETRY, False): Reached.WAITING,
}


class _Notes(Progress):
    """Notes how far the messages of one batch are.

    Args:
        kept: Where.
        message_ids: The messages, in the order of their places there.
    """

    def __init__(self, kept: mmap.mmap, message_ids: Sequence[int]) -> None:
        self._kept = kept
        self._places = dict(zip(message_ids, range(REACHED, SIZE), strict=False))

    def begin(self, message_id: int) -> None:
        place = self._places.get(message_id)
        if place is not None:
            self._kept[place] = 1  # Reached.BEGUN; the look-up would cost more than the store

    def learn(self, result: SendResult) -> None:
        place = self._places.get(result.message_id)
        reached = _ANSWERS.get((result.outcome, result.attempted or result.outcome is not Outcome.RETRY))
        if place is not None and reached is not None:
            self._kept[place] = reached

    def end(self) -> None:
        """Note nothing more: the places are for others now."""
        self._places = {}


class Flight:
    """The record of one drain; one that could not be made keeps nothing.

    Used as a context: what was carried and never landed is left behind for others at its end.

    Args:
        path: The file.
        descriptor: It, open and locked; -1 for none.
    """

    def __init__(self, path: Path = Path(), descriptor: int = -1) -> None:
        self._path, self._descriptor = path, descriptor
        self._map = mmap.mmap(descriptor, SIZE) if descriptor >= 0 else None
        self._notes: _Notes | None = None
        self._is_retired = False

    @property
    def progress(self) -> Progress:
        """Who is told how far the messages carried now are."""
        return self._notes or UNNOTED

    def carry(self, claimed: Iterable[Claimed]) -> None:
        """Begin a batch: all of it waits. Called before the intent is committed."""
        bound, free = list[int](), list[int]()
        for each in claimed:
            (bound if each.is_bound else free).append(each.message_id)
        message_ids = bound + free
        kept, count = self._map, len(message_ids)
        self.landed()
        if kept is None or self._is_retired or not 0 < count <= ROOM:
            return
        struct.pack_into(f"<{count}q", kept, IDS, *message_ids)
        kept[REACHED : REACHED + count] = bytes(count)
        struct.pack_into("<II", kept, COUNTS, count, len(bound))
        self._notes = _Notes(kept, message_ids)
        kept[HOLDS] = 1

    def landed(self) -> None:
        """The outcome of the batch is on record: nothing told of it counts any more."""
        if self._map is not None:
            self._map[HOLDS] = 0
        if self._notes is not None:
            self._notes.end()
            self._notes = None

    def retire(self) -> None:
        """Carry no further batch: a provider broke its promises, and a thread of its may still tell of this one."""
        self._is_retired = True

    def __enter__(self) -> Flight:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._map is None or (kind is not None and not issubclass(kind, Exception)):
            return  # the process is being ended and a thread may still be sending: the lock goes with the last of them
        if not self._map[HOLDS] and kind is None:
            with suppress(OSError):
                self._path.unlink()
        if self._notes is not None:
            self._notes.end()
        self._map.close()
        os.close(self._descriptor)
        self._map, self._descriptor = None, -1


class Flights:
    """The folder of flight records.

    Args:
        folder: Where; made when first needed. None keeps no records.
        boot: Names this boot of the system; None where that can't be known, and no records are kept.
    """

    def __init__(self, folder: Path | None = None, boot: str | None = None) -> None:
        self._folder, self._boot = folder if boot else None, boot
        self._failed = False

    def begin(self, owner: str, errand: Errand) -> Flight:
        """Return the record of a drain that begins; one that keeps nothing where it can't be made.

        Args:
            owner: The owner of its leases, unique to it.
            errand: What it is about.
        """
        if self._folder is None:
            return Flight()
        try:
            flight = self._make(self._folder / f"{random_name(24)}{_SUFFIX}", owner, errand)
        except OSError as error:
            if not self._failed:
                logger.warning("no record of what is on its way can be kept (%s): a kill leaves more messages uncertain", error.strerror)
            self._failed = True
            return Flight()
        self._failed = False
        return flight

    def visit(self, settle: Callable[[LeftBehind], object]) -> None:
        """Let somebody settle what each drain that is over has left behind; its record is removed once that is done.

        Args:
            settle: Called with one at a time; what it raises ends the visit, and the rest waits for the next.
        """
        if self._folder is None:
            return
        _sweep(self._folder)
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            with _locked(path) as descriptor:
                if descriptor is not None:
                    found = read(descriptor, self._boot)
                    if found is not None:
                        settle(found)
                    with suppress(OSError):  # where it can't be removed it is looked at again, which changes nothing
                        path.unlink()

    def _make(self, path: Path, owner: str, errand: Errand) -> Flight:
        """Make a record under a name that nobody looks for, and give it its own once it is locked and filled."""
        making = path.with_suffix(_MAKING)
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
        try:
            descriptor = os.open(making, flags, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(making, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            header = {"format": FORMAT, "boot": self._boot, "file": identity(descriptor), "owner": owner, **asdict(errand)}
            # Written, not only stretched: a store into a page that has no room on the disk would end the process.
            whole = orjson.dumps(header).ljust(HEADER).ljust(SIZE, b"\0")
            if len(whole) != SIZE or os.pwrite(descriptor, whole, 0) != SIZE:
                raise OSError("there is no room for it")
            making.rename(path)
            return Flight(path, descriptor)
        except OSError:
            os.close(descriptor)
            with suppress(OSError):
                making.unlink()
            raise


def _sweep(folder: Path) -> None:
    """Remove what those who died while they made a record have left: it was no record yet."""
    for path in folder.glob(f"*{_MAKING}"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _LONGEST_MAKING:
                path.unlink()


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Yield a file, open, where nobody else holds it; else None."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        yield None
        return
    try:
        is_ours = False
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_ours = _is_at(path, descriptor)
        yield descriptor if is_ours else None
    finally:
        os.close(descriptor)


def _is_at(path: Path, descriptor: int) -> bool:
    return os.path.samestat(path.stat(), os.fstat(descriptor))
