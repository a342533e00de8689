"""Files and folders that are on the disk before anybody is told so."""

from __future__ import annotations

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until what a file or a folder holds is on the disk; of a folder that is which files there are."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
