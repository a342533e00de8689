"""Doing imports that were started: by whoever asked, by the worker, or, after a crash, by whoever comes first."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.imports.folder import ImportFolder, Step
from core.contacts.imports.merging import Progress
from core.contacts.imports.models import Choices, ImportResult
from core.contacts.imports.running import Asked, Running
from core.contacts.imports.states import OPEN, ImportState
from core.contacts.tables import imports
from core.errors import PostwrightError, Unavailable
from core.storage.database import Database

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
_FRESH = timedelta(minutes=10)  # a folder is there before its row is


class Cancelled(PostwrightError):
    """Somebody cancelled the import while it was being worked on; nothing was written."""


class Working:
    """Does what is on record as started, one process at a time.

    Args:
        db: The database.
        root: Where the folders of imports are.
        running: Does an import.
        clock: The time.
    """

    def __init__(self, db: Database, root: Path, running: Running, clock: Clock) -> None:
        self._db, self._root, self._running, self._clock = db, root, running, clock

    def work(self, import_id: int, told: Progress) -> ImportResult | None:
        """Do an import; return what became of it, or None where there is nothing to do or somebody else does it."""
        row = self._open_row(import_id)
        if row is None:
            return None
        folder = ImportFolder(self._root / row.folder)
        with folder.locked() as is_ours:
            row = self._open_row(import_id)
            return self._attempt(row, folder, told) if is_ours and row else None

    def take_up(self) -> int:
        """Do whatever nobody does; return how many were done."""
        wanted = sa.select(imports.c.id).where(imports.c.state.in_(OPEN)).order_by(imports.c.id)
        with self._db.read() as connection:
            waiting = connection.execute(wanted).scalars().all()
        self._clear()
        return sum(self._taken_up(import_id) for import_id in waiting)

    def _clear(self) -> None:
        """Remove the folders that no open import names: who was to remove them was killed, and people's data is in there."""
        if not self._root.is_dir():
            return
        oldest = (self._clock.now() - _FRESH).timestamp()
        lying = [path for path in self._root.iterdir() if path.is_dir() and path.stat().st_mtime < oldest]
        with self._db.read() as connection:
            named = set(connection.execute(sa.select(imports.c.folder).where(imports.c.state.in_(OPEN))).scalars())
        for path in lying:
            folder = ImportFolder(path)
            with folder.locked() as is_ours:
                if is_ours and path.name not in named:
                    folder.remove()

    def _taken_up(self, import_id: int) -> bool:
        try:
            return self.work(import_id, lambda _done, _total: None) is not None
        except PostwrightError as error:  # it is on its row; the others are not held up by it
            logger.warning("import %d failed: %s", import_id, error.message)
            return False

    def _attempt(self, row: Any, folder: ImportFolder, told: Progress) -> ImportResult | None:
        """Do an import that is ours now, and put on record what becomes of it."""
        if not self._set(row, state=ImportState.RUNNING, attempts=imports.c.attempts + 1):
            return None
        staged = folder.staged()
        if staged is None or row.attempts >= MAX_ATTEMPTS:
            why = "was interrupted three times" if staged else "was interrupted and its file is gone"
            self._fail(row, folder, row.error or f"The import {why}; nothing was imported.")
            return None

        def tell(stage: str, done: int, total: int) -> None:
            if folder.is_to_stop:
                raise Cancelled("The import was cancelled.")
            folder.tell(Step(stage, done, total))
            told(done, total)

        try:
            choices, by = Choices.read(row.workspace_id, row.choices)
            result = self._running.do(Asked(by, staged, row.file_name, choices, row.id), tell)
        except Cancelled:
            folder.remove()
            return None
        except Unavailable as error:  # it is tried again
            self._set(row, error=str(error))
            raise
        except PostwrightError as error:
            self._fail(row, folder, str(error))
            raise
        folder.remove()
        return result

    def _fail(self, row: Any, folder: ImportFolder, words: str) -> None:
        self._set(row, state=ImportState.FAILED, error=words, choices={}, folder="")
        folder.remove()

    def _set(self, row: Any, **values: Any) -> bool:
        """Change the row of an import; return whether it is still open."""
        mine = (imports.c.id == row.id, imports.c.state.in_(OPEN))
        with self._db.transaction() as connection:
            return connection.execute(sa.update(imports).where(*mine).values(**values)).rowcount == 1

    def _open_row(self, import_id: int) -> Any:
        with self._db.read() as connection:
            return connection.execute(sa.select(imports).where(imports.c.id == import_id, imports.c.state.in_(OPEN))).one_or_none()
