"""A full disk without one."""

from __future__ import annotations

import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TINY = 12


@contextmanager
def tiny_files() -> Iterator[None]:
    """Let the kernel allow files of 12 bytes only: write() then fails halfway, as on a full disk."""
    with becoming_tiny() as fill:
        fill()
        yield


@contextmanager
def becoming_tiny() -> Iterator[Callable[[], None]]:
    """Yield what makes the kernel allow files of 12 bytes only, from any thread; at the end there is room again."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (TINY, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
