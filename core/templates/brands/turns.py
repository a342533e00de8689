"""One at a time writes the templates of a workspace anew; a lock of the kernel, so it ends with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(folder: Path | None, workspace_id: int) -> Iterator[bool]:
    """Be the one who does it; yield whether we are.

    Nothing depends on it but that no work is done twice: where the lock can't be made, everybody has their turn.

    Args:
        folder: Where the locks are; None for none.
        workspace_id: Whose templates.
    """
    try:
        descriptor = _opened(folder / f"{workspace_id}.lock") if folder else None
    except OSError:
        descriptor = None
    if descriptor is None:
        yield True
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield False
        return
    try:
        yield True
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
