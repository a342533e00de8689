"""Putting an import on record: at once, inside a transaction that does it, or to be done by whoever comes first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.imports.folder import ImportFolder
from core.contacts.imports.states import ImportState
from core.contacts.list_names import find_list
from core.contacts.tables import imports
from core.permissions import Principal
from core.storage.blobs import Blobs
from core.storage.database import Database


@dataclass(frozen=True)
class Order:
    """An import that is to be on record.

    Args:
        by: Who asks.
        file_name: What the file is called.
        list_name: The list everybody is put on.
        rows: How many rows it has, as far as that is known.
        noted: What is kept with it while it is not done.
    """

    by: Principal
    file_name: str
    list_name: str
    rows: int = 0
    noted: Mapping[str, Any] = field(default_factory=dict)


def folders_of(blobs: Blobs) -> Path:
    """Return where the folders of imports are: beside the blobs."""
    return blobs.root.parent / "imports"


def begin(connection: sa.Connection, order: Order, state: ImportState, folder: str, clock: Clock) -> int:
    """Put an import on record and return its number."""
    by = order.by
    row: dict[str, Any] = {
        "workspace_id": by.workspace_id,
        "file_name": "".join(letter for letter in order.file_name if letter.isprintable())[:255],
        "imported_by": by.label,
        "created_at": clock.now(),
    }
    counts = {"rows": order.rows, "created": 0, "updated": 0, "refused": 0}
    # Who sees the list sees the import, from the start.
    row["list_id"] = find_list(connection, by.workspace_id, order.list_name)
    given = {**row, **counts, "state": state, "folder": folder, "choices": dict(order.noted)}
    return int(connection.execute(sa.insert(imports).values(given).returning(imports.c.id)).scalar_one())


class Starting:
    """Lays files aside and puts their imports on record, for `Working` to do.

    Args:
        db: The database.
        clock: The time.
        root: Where the folders of imports are.
    """

    def __init__(self, db: Database, clock: Clock, root: Path) -> None:
        self._db, self._clock, self._root = db, clock, root

    def start(self, order: Order, lay: Callable[[ImportFolder], None], action: AuditAction, told: Mapping[str, Any]) -> int:
        """Put an import on record that is to be done, and return its number.

        Args:
            order: The import.
            lay: Puts its file into a folder.
            action: What the audit log calls it.
            told: What the audit log says of it.

        Raises:
            StorageFull: If the file can't be kept.
        """
        folder = ImportFolder.make(self._root, lay)
        try:
            with self._db.transaction() as connection:
                import_id = begin(connection, order, ImportState.WAITING, folder.path.name, self._clock)
                record(connection, self._clock.now(), order.by, action, f"import:{import_id}", after=told)
        except BaseException:
            folder.remove()
            raise
        return import_id
