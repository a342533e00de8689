"""A database that does not answer for a while: SQLite locked by somebody else, PostgreSQL's server stopped and started again."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from core.settings import Settings
from tests.support import postgres

Outage = Callable[[], AbstractContextManager[None]]
_HOLDER = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
held.execute("begin immediate")
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let another process hold the lock of a SQLite database."""
    holder = subprocess.Popen([sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    try:
        yield
    finally:
        holder.communicate("\n", timeout=10)


def outage_of(settings: Settings, server_url: str = "") -> Outage:
    """Return what makes the database of these settings not answer.

    Args:
        settings: Whose database.
        server_url: Where PostgreSQL's server is.
    """
    path = settings.data_dir / "app.db"
    return lambda: postgres.stopped(server_url) if settings.database_url else locked(path)
