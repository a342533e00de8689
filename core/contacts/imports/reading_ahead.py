"""Reading ahead who is known: the contacts of a workspace are read in a thread while the file is judged, which takes about as long."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

import polars as pl
import sqlalchemy as sa

from core.contacts.changes import latest_change
from core.contacts.imports.known import all_people, is_worth_scanning
from core.errors import PostwrightError
from core.storage.database import Database

_FEW = 20_000  # rows of a file whose people are found faster than a thread begins to pay


class ReadingAhead:
    """Reads all contacts of a workspace meanwhile, where a file is about so many that all are read anyway.

    What it read counts only if no contact was changed since, which the number of the latest change tells.
    Whatever goes wrong with it is not reported; they are then read again, in the caller's transaction.

    Args:
        db: The database.
        workspace_id: Whose contacts.
        rows: How many rows the file has.
    """

    def __init__(self, db: Database, workspace_id: int, rows: int) -> None:
        self._db, self._workspace_id, self._rows = db, workspace_id, rows
        self._thread = threading.Thread(target=self._read, name="reading-ahead", daemon=True) if rows > _FEW else None
        self._stopped = threading.Event()
        self._change: int | None = None
        self._people: pl.DataFrame | None = None

    def __enter__(self) -> ReadingAhead:
        if self._thread:
            self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def people_at(self, change: int) -> pl.DataFrame | None:
        """Return the contacts as `known.all_people` does, None where they were not read or were changed since.

        Args:
            change: The number of the latest change there is; of a transaction that makes one itself, the one before its own.
        """
        if self._thread:
            self._thread.join()
        people, self._people = self._people, None
        return people if self._change == change else None

    def _read(self) -> None:
        with suppress(PostwrightError, sa.exc.SQLAlchemyError), self._db.read() as connection:
            change = latest_change(connection, self._workspace_id)
            if is_worth_scanning(connection, self._workspace_id, self._rows):
                people = all_people(connection, self._workspace_id, self._stopped.is_set)
                self._people, self._change = (None if self._stopped.is_set() else people), change
