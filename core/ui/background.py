"""Work that goes on when the tab is closed: one thread each, found again by its name when somebody returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread
from typing import Any

Progress = Callable[[int, int], None]


@dataclass
class Work:
    """Something that is being done, or was.

    Args:
        started_at: When it began.
        total: How much there is to do; 0 until that is known.
        done: How much of it is done.
        result: What came of it, once finished.
        error: What went wrong, if something did.
        finished: Whether it is over.
    """

    started_at: datetime
    total: int = 0
    done: int = 0
    result: Any = None
    error: Exception | None = None
    finished: bool = False
    thread: Thread | None = field(default=None, repr=False)

    def step(self, done: int, total: int) -> None:
        """Say how far it is; given to the work itself."""
        self.done, self.total = done, total

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long the rest will take at the pace so far, or None while that can't be said."""
        if not 0 < self.done < self.total:
            return None
        return (now - self.started_at).total_seconds() / self.done * (self.total - self.done)


_works: dict[str, Work] = {}
_lock = Lock()


def start(name: str, job: Callable[[Progress], Any], now: datetime) -> Work:
    """Begin something, unless work of this name is still going on, which is then returned.

    Args:
        name: Names the work to whoever returns; holds whose it is ("import:1:7").
        job: Does it; given a function to tell how far it is.
        now: The time.
    """
    with _lock:
        known = _works.get(name)
        if known and not known.finished:
            return known
        work = _works[name] = Work(now)
        work.thread = Thread(target=_run, args=(work, job), name=name, daemon=True)
    work.thread.start()
    return work


def find(name: str) -> Work | None:
    """Return the work of this name, going on or finished."""
    return _works.get(name)


def forget(name: str) -> None:
    """Let go of finished work."""
    with _lock:
        if name in _works and _works[name].finished:
            del _works[name]


def _run(work: Work, job: Callable[[Progress], Any]) -> None:
    try:
        work.result = job(work.step)
    except Exception as error:  # shown to whoever waits; the page says what to do
        work.error = error
    finally:
        work.finished = True
