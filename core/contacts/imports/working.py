"""Doing imports that were started: by whoever asked, by the worker, or, after a crash, by whoever comes first."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.imports.folder import ImportFolder, Step
from core.contacts.imports.merging import Progress
from core.contacts.imports.models import ImportResult, lasting
from core.contacts.imports.running import Running, Tell
from core.contacts.imports.states import OPEN, UNFINISHED, ImportState
from core.contacts.imports.work_kinds import KIND, PLAIN, Kinds, Laid, WorkKind
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
        kinds: What can lie in those folders, by its word.
    """

    def __init__(self, db: Database, root: Path, running: Running, clock: Clock, kinds: Kinds) -> None:
        self._db, self._root, self._running, self._clock, self._kinds = db, root, running, clock, kinds

    def work(self, import_id: int, told: Progress) -> ImportResult | None:
        """Do an import; return what became of it, or None where there is nothing to do or somebody else does it."""
        return self._worked(import_id, told)[1]

    def take_up(self) -> int:
        """Do whatever nobody does; return how many were done."""
        wanted = sa.select(imports.c.id).where(imports.c.state.in_(UNFINISHED)).order_by(imports.c.id)
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
            named = set(connection.execute(sa.select(imports.c.folder).where(imports.c.state.in_(UNFINISHED))).scalars())
        for path in lying:
            folder = ImportFolder(path)
            with folder.locked() as is_ours:
                if is_ours and path.name not in named:
                    folder.remove()

    def _taken_up(self, import_id: int) -> bool:
        try:
            return self._worked(import_id, lambda _done, _total: None)[0]
        except PostwrightError as error:  # it is on its row; the others are not held up by it
            logger.warning("import %d failed: %s", import_id, error.message)
            return False

    def _worked(self, import_id: int, told: Progress) -> tuple[bool, ImportResult | None]:
        """Do what is left of an import; return whether that is done now, and what became of its rows where that was part of it."""
        row = self._row(import_id)
        if row is None:
            return False, None
        folder = ImportFolder(self._root / row.folder)
        with folder.locked() as is_ours:
            row = self._row(import_id)
            if not is_ours or row is None:
                return False, None
            if row.state == ImportState.FOLLOWING:
                return self._go_on(row, folder, told), None
            result = self._attempt(row, folder, told)
            return result is not None, result

    def _attempt(self, row: Any, folder: ImportFolder, told: Progress) -> ImportResult | None:
        """Do an import that is ours now, and put on record what becomes of it."""
        if not self._set(row, OPEN, state=ImportState.RUNNING, attempts=imports.c.attempts + 1):
            return None
        if row.attempts >= MAX_ATTEMPTS:
            self._fail(row, folder, row.error or "The import was interrupted three times; nothing was imported.")
            return None
        try:
            kind, tell = self._kind(row), _teller(folder, told)
            asked = kind.asked(_laid(row, folder), tell)
            if asked is None:
                self._fail(row, folder, row.error or "The import was interrupted and its file is gone; nothing was imported.")
                return None
            result = self._running.do(asked, tell)
        except Cancelled:
            folder.remove()
            return None
        except Unavailable as error:  # it is tried again
            self._set(row, OPEN, error=str(error))
            raise
        except PostwrightError as error:
            self._fail(row, folder, str(error))
            raise
        if asked.follows and (following := self._row(row.id)):
            with suppress(PostwrightError):  # that is on its row; what became of the people is known
                self._follow(following, folder, told)
        else:
            folder.remove()
        return result

    def _go_on(self, row: Any, folder: ImportFolder, told: Progress) -> bool:
        """Do what comes after an import's transaction, where that was interrupted; return whether it is done now."""
        if row.attempts >= MAX_ATTEMPTS:
            self._done(row, folder, error="What comes after the import was interrupted three times.")
            return False
        if not self._set(row, (ImportState.FOLLOWING,), attempts=imports.c.attempts + 1):
            return False
        self._follow(row, folder, told)
        return True

    def _follow(self, row: Any, folder: ImportFolder, told: Progress) -> None:
        try:
            kept = self._kind(row).follow(_laid(row, folder), _teller(folder, told, can_stop=False))
        except Unavailable as error:  # it is tried again until it can be done: everybody is in already
            self._set(row, (ImportState.FOLLOWING,), error=str(error), attempts=1)
            raise
        except PostwrightError as error:
            self._done(row, folder, error=str(error))
            raise
        self._done(row, folder, choices={**row.choices, **kept}, error="")

    def _done(self, row: Any, folder: ImportFolder, **values: Any) -> None:
        self._set(row, (ImportState.FOLLOWING,), state=ImportState.DONE, folder="", **values)
        folder.remove()

    def _fail(self, row: Any, folder: ImportFolder, words: str) -> None:
        self._set(row, OPEN, state=ImportState.FAILED, error=words, choices=lasting(row.choices), folder="")
        folder.remove()

    def _kind(self, row: Any) -> WorkKind:
        return self._kinds[row.choices.get(KIND, PLAIN)]()

    def _set(self, row: Any, states: Sequence[ImportState], **values: Any) -> bool:
        """Change the row of an import that stands in one of these states; return whether it does."""
        mine = (imports.c.id == row.id, imports.c.state.in_(states))
        with self._db.transaction() as connection:
            return connection.execute(sa.update(imports).where(*mine).values(**values)).rowcount == 1

    def _row(self, import_id: int) -> Any:
        wanted = sa.select(imports).where(imports.c.id == import_id, imports.c.state.in_(UNFINISHED))
        with self._db.read() as connection:
            return connection.execute(wanted).one_or_none()


def _laid(row: Any, folder: ImportFolder) -> Laid:
    return Laid(row.id, row.workspace_id, row.file_name, row.choices, folder, row.finished_at)


def _teller(folder: ImportFolder, told: Progress, *, can_stop: bool = True) -> Tell:
    """Return what says how far an import is, and ends it where somebody asked for that."""

    def tell(stage: str, done: int, total: int) -> None:
        if can_stop and folder.is_to_stop:
            raise Cancelled("The import was cancelled.")
        folder.tell(Step(stage, done, total))
        told(done, total)

    return tell
