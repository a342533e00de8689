"""Where imports stand; light, for those who only ask whether there is one to be done."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from core.contacts.tables import imports
from core.storage.database import Database


class ImportState(StrEnum):
    """Where an import stands; while it is `following`, everybody is in, and what comes after that is being done."""

    WAITING = "waiting"
    RUNNING = "running"
    FOLLOWING = "following"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDONE = "undone"


# Nothing is written yet, so it can be cancelled.
OPEN = (ImportState.WAITING, ImportState.RUNNING)
# There is something to be done.
UNFINISHED = (*OPEN, ImportState.FOLLOWING)


def any_unfinished(db: Database) -> bool:
    """Return whether some import is not over, in any workspace."""
    with db.read() as connection:
        return connection.execute(sa.select(imports.c.id).where(imports.c.state.in_(UNFINISHED)).limit(1)).first() is not None
