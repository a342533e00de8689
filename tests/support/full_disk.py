"""A full disk: a small one that is filled, or none at all."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class SmallDisk:
    """A disk.

    Args:
        path: Its folder.
        fill: Leaves no byte free on it.
        make_room: Gives all of that back.
    """

    path: Path
    fill: Callable[[], object]
    make_room: Callable[[], object]


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a disk of so many megabytes in memory; where that is not allowed, let the kernel refuse to write instead."""
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path)]
    if subprocess.run(command, capture_output=True).returncode:
        with ExitStack() as stack:
            yield SmallDisk(path, stack.enter_context(becoming_tiny()), stack.close)
        return
    ballast = path / "ballast"
    try:
        yield SmallDisk(path, lambda: _fill(ballast), ballast.unlink)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def _fill(ballast: Path) -> None:
    with ballast.open("ab", buffering=0) as file:
        for size in (2**16, 2**12, 1):
            with suppress(OSError):  # "No space left on device"
                while file.write(os.urandom(1) * size) == size:
                    pass
