"""The queue of doorbells: Huey on SQLite. It holds nothing of value, so a damaged file is put aside and begun anew.

Facts this rests on (Huey 3.5.4): a task that runs while its process is killed is lost, `retries` or not; a held
`lock_task` would stay for ever. Therefore a task carries only a campaign's number, takes no lock and may be lost or doubled.
"""

from __future__ import annotations

import logging
import sqlite3
from pathlib import Path
from typing import Any

from huey import SqliteHuey
from huey.serializer import SignedSerializer

from core.ids import random_name
from core.settings import Settings

logger = logging.getLogger(__name__)


def open_queue(settings: Settings) -> Any:
    """Return the queue.

    Args:
        settings: Where the queue's file is, and the key that signs tasks (Huey pickles them: an unsigned one is never opened).
    """
    path = settings.queue_path
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _huey(path, settings.key)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        _put_aside(path)
        return _huey(path, settings.key)


def _huey(path: Path, key: bytes) -> Any:
    serializer = SignedSerializer(secret=key, salt=b"postwright-queue")
    return SqliteHuey("postwright", filename=str(path), results=False, serializer=serializer)


def _put_aside(path: Path) -> None:
    logger.warning("the queue's file is damaged and was put aside; what is due is found again in the database")
    path.rename(path.with_name(f"{path.name}.damaged-{random_name(8)}"))
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
