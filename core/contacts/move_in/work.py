"""The kind of work that a move-in is: an export that waits in the folder of an import, for whoever comes first.

It is read anew with each try, and what people did is read from it once more after the transaction. So whatever process dies where,
the next one begins at a point where either nothing is written or everybody is in; past events have keys by which those that an
interrupted try had kept are known again.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import Clock
from core.contacts.imports.folder import ImportFolder
from core.contacts.imports.models import MOVED_IN, Choices
from core.contacts.imports.running import Asked, Tell
from core.contacts.imports.work_kinds import KIND, Kinds, Laid
from core.contacts.move_in.archive import parts
from core.contacts.move_in.export import Export, from_nobody, opened, untold
from core.contacts.move_in.history import Past
from core.contacts.move_in.kits.catalogue import kit_named
from core.contacts.move_in.kits.kit import Kit
from core.contacts.move_in.models import MOVE_IN, MoveInPlan, past_noted
from core.contacts.move_in.rows import Together
from core.contacts.move_in.writing import Standings
from core.contacts.suppression.suppression import Suppressions
from core.errors import NotFound
from core.permissions import Principal
from core.storage.journal import JournalWriter

KEEPING = "keeping"  # what people did
_EXPORT, _ROOM, _ROWS = "export", "unpacked", "people.parquet"


@dataclass(frozen=True)
class Read:
    """An export that was read.

    Args:
        export: What is in it.
        plan: The same in numbers.
        rows: Its people as one file.
        standings: How they stood, to be written with them.
    """

    export: Export
    plan: MoveInPlan
    rows: Together
    standings: Standings


def read(export: Export | None, by: Principal, suppressions: Suppressions, folder: Path, tell: Tell = untold) -> Read:
    """Read an export for taking it in.

    Args:
        export: What is in it.
        by: Who imports.
        suppressions: What keeps addresses from being written to.
        folder: A private folder for it.
        tell: Told how far it is.

    Raises:
        InvalidInput: If it is from no tool we know, or can't be read.
        StorageFull: If there is no room for it.
    """
    if export is None:
        raise from_nobody()
    plan = export.read(tell)
    rows = export.together(folder / _ROWS)
    return Read(export, plan, rows, Standings(suppressions, by, export.kit, export.standings, rows.address))


def noted(choices: Choices, by: Principal, kit: Kit) -> dict[str, Any]:
    """Return what is kept with a move-in that is to be done."""
    return {**choices.stored(by), KIND: MOVE_IN, MOVED_IN: kit.key}


def lay(data: Path | bytes, folder: ImportFolder) -> None:
    """Take over an export, to wait in the folder of an import."""
    if isinstance(data, bytes):
        (folder.path / _EXPORT).write_bytes(data)
    else:
        shutil.move(data, folder.path / _EXPORT)


class MoveInWork:
    """Takes in the exports that wait.

    Args:
        clock: The time.
        suppressions: What keeps addresses from being written to.
        journal: Where what people did in the past is kept until the ingester reads it; opened with the first.
    """

    def __init__(self, clock: Clock, suppressions: Suppressions, journal: Callable[[], JournalWriter]) -> None:
        self._clock, self._suppressions, self._journal = clock, suppressions, journal

    def asked(self, laid: Laid, tell: Tell) -> Asked | None:
        """Return the import of an export's people."""
        choices, by = Choices.read(laid.workspace_id, laid.noted)
        source = laid.folder.path / _EXPORT
        if not source.is_file():
            return None
        room = _emptied(laid.folder)
        export = opened(source, laid.file_name, laid.noted[MOVED_IN], room, tell)
        found = read(export, by, self._suppressions, room, tell)
        chosen = Choices(choices.list_name, found.rows.mapping)
        return Asked(by, found.rows.staged, laid.file_name, chosen, laid.import_id, found.standings, follows=True)

    def follow(self, laid: Laid, tell: Tell) -> Mapping[str, Any]:
        """Keep what people did in the past."""
        source, kit = laid.folder.path / _EXPORT, kit_named(laid.noted[MOVED_IN])
        if not source.is_file() or laid.finished_at is None:
            raise NotFound("The export is gone.", hint="Move it in again: everybody stays as they are, and what they did is kept.")
        tell(KEEPING, 0, 0)
        past = Past(laid.workspace_id, self._clock, kit, self._journal)
        kept = past.keep(parts(source, laid.file_name, _emptied(laid.folder)), laid.finished_at, lambda done: tell(KEEPING, done, 0))
        tell(KEEPING, kept, kept)
        return past_noted(kept)


def _emptied(folder: ImportFolder) -> Path:
    """Return the room in a folder where an export is unpacked, without what a try left there that was interrupted."""
    room = folder.path / _ROOM
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)
    return room


def kinds_of_work(clock: Clock, suppressions: Suppressions, journal: Callable[[], JournalWriter]) -> Kinds:
    """Return the kind of work that exports are, by its word, for whatever does imports."""
    return {MOVE_IN: lambda: MoveInWork(clock, suppressions, journal)}
