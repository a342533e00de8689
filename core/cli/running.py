"""Whether a supervisor runs on this data folder: one at a time, and where what it serves can be reached.

The lock is the kernel's (flock): it ends with the process, however that ends. The file beside it only tells others more.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass

from core.errors import Conflict
from core.settings import Settings

# A command that only looks holds the lock for microseconds; `up` must not take it for a second `up`.
_PATIENCE_SECONDS = 0.5


@dataclass(frozen=True)
class Running:
    """A supervisor at work.

    Args:
        pid: Its process.
        app_url: Where people reach the app.
        public_url: Where mail clients reach the receiver.
        receiver_url: Where this machine reaches it.
    """

    pid: int
    app_url: str
    public_url: str
    receiver_url: str


class UpLock:
    """The right to be the only supervisor of a data folder, held until the process ends.

    Args:
        settings: Names the data folder.
    """

    def __init__(self, settings: Settings) -> None:
        self._path = settings.data_dir / "up.lock"
        self._descriptor = -1

    def take(self, app_url: str, public_url: str, receiver_url: str) -> None:
        """Take the right and write down who we are.

        Raises:
            Conflict: If another supervisor has it; names its process.
        """
        # Not inheritable (PEP 446): a child that outlives us must not keep the folder locked.
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not _try_lock(self._descriptor, fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise self._taken()
            time.sleep(0.02)
        content = json.dumps(asdict(Running(os.getpid(), app_url, public_url, receiver_url))).encode()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, content, 0)

    def release(self) -> None:
        """Give the right back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _taken(self) -> Conflict:
        os.close(self._descriptor)
        self._descriptor = -1
        other = _read(self._path)
        who = f" (process {other.pid})" if other else ""
        where = f" It serves {other.app_url}." if other else ""
        return Conflict(f"Postwright already runs on this data folder{who}.{where}", hint="Use that one, or stop it first.")


def find(settings: Settings) -> Running | None:
    """Return the supervisor that runs on this data folder, or None."""
    path = settings.data_dir / "up.lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _try_lock(descriptor, fcntl.LOCK_SH) else _read(path)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(path: os.PathLike[str]) -> Running | None:
    try:
        with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a PathLike is enough
            return Running(**json.load(file))
    except (OSError, ValueError, TypeError):
        return None
