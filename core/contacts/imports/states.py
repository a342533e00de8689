"""Where imports stand; light, for those who only ask whether there is one to be done."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from core.contacts.tables import imports
from core.storage.database import Database


class ImportState(StrEnum):
    """Where an import stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"
    UNDONE = "undone"


OPEN = (ImportState.WAITING, ImportState.RUNNING)


def any_open(db: Database) -> bool:
    """Return whether some import is not over, in any workspace."""
    with db.read() as connection:
        return connection.execute(sa.select(imports.c.id).where(imports.c.state.in_(OPEN)).limit(1)).first() is not None
