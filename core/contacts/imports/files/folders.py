"""Private folders for uploads on their way: one each, gone when it is done with."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What a process that was killed left behind is nobody's after a day.
_STALE_SECONDS = 24 * 3600


def new_folder(uploads: Path) -> Path:
    """Make a folder that only this user may look into, and clear away what was left behind.

    Args:
        uploads: Where such folders are.
    """
    uploads.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in uploads.iterdir():
        if time.time() - old.stat(follow_symlinks=False).st_mtime > _STALE_SECONDS:
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(dir=uploads))


@contextmanager
def private_folder(uploads: Path) -> Iterator[Path]:
    """Yield a folder that is removed with everything in it."""
    folder = new_folder(uploads)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
