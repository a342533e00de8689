"""Moving in from another tool: its export is recognised, and its people come in as one import, each as they stood there.

All of it is one transaction: those who said no there are unsubscribed or suppressed here, known or not; whoever had said yes has the
proof of it on record, with tags. So a crash leaves nobody subscribed who had said no, and taking the import back takes it back whole.
What people did in the past follows after it; all may be done again and changes nothing more.

`run` does it at once. `start` puts it on record like any import (`imports.work` then does it, and whoever takes imports up after a crash).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.clock import Clock
from core.contacts.imports.files.folders import private_folder
from core.contacts.imports.importing import Choices, ContactImport, ImportResult
from core.contacts.imports.starting import Order, Starting, folders_of
from core.contacts.list_names import check_list_name
from core.contacts.move_in.export import AUTO, kit_of, opened
from core.contacts.move_in.history import Past
from core.contacts.move_in.models import MoveInPlan, MoveInResult, Outcome, past_noted, result_of, said_of
from core.contacts.move_in.rows import Together
from core.contacts.move_in.work import lay, noted, read
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import imports
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.storage.journal import JournalWriter

__all__ = ["AUTO", "MoveIn", "MoveInPlan", "MoveInResult"]


class MoveIn:
    """Takes in what another tool exported.

    Args:
        db: The database.
        clock: The time.
        blobs: Where the refused rows are kept; exports that wait are beside it.
        imports: What takes in the people.
        suppressions: What keeps addresses from being written to.
        journal: Where what they did in the past is kept until the ingester reads it; opened with the first.
        uploads: Where an export can be unpacked meanwhile.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        blobs: Blobs,
        imports: ContactImport,
        suppressions: Suppressions,
        journal: Callable[[], JournalWriter],
        uploads: Path,
    ) -> None:
        self._db, self._clock, self._blobs, self._imports = db, clock, blobs, imports
        self._suppressions, self._journal, self._uploads = suppressions, journal, uploads
        self._starting = Starting(db, clock, folders_of(blobs))

    def look(self, by: Principal, data: Path | bytes, file_name: str, kit: str = AUTO) -> MoveInPlan | None:
        """Return what an export holds, None if it is from no tool we know.

        Raises:
            Denied: If `by` may not import contacts.
            InvalidInput: If it can't be read, or it is not from the tool named.
            StorageFull: If there is no room to unpack it.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        with private_folder(self._uploads) as folder:
            found = opened(data, file_name, kit, folder)
            return replace(found.read(), past_events=Past.count(found.kit, found.files, self._clock.now())) if found else None

    def start(self, by: Principal, data: Path | bytes, file_name: str, *, list_name: str, kit: str = AUTO) -> int:
        """Put a move-in on record, to be done by `imports.work` or, should nobody do so, by the worker; return the import's number.

        Args:
            by: Who imports.
            data: The file, which is taken over and moved, or its bytes: CSV, or a ZIP archive of them.
            file_name: What it is called.
            list_name: The list people join; made if new.
            kit: The word of the tool; found out if not given.

        Raises:
            Denied: If `by` may not import contacts, or only sees some lists.
            InvalidInput: If it is from no tool we know, or the list can't have this name.
            StorageFull: If the file can't be kept.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        check_list_name(list_name)
        with private_folder(self._uploads) as folder:
            found = kit_of(data, file_name, kit, folder)
        order = Order(by, file_name, list_name, noted=noted(Choices(list_name), by, found))
        return self._starting.start(order, lambda aside: lay(data, aside), AuditAction.MOVE_IN_STARTED, {"from": found.key})

    def outcome(self, by: Principal, import_id: int) -> MoveInResult | None:
        """Return what became of a move-in by what is on record; None while it is not done, and where that was not kept.

        Raises:
            Denied: If `by` may not import contacts, or only sees some lists.
            NotFound: If there is no such import.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        mine = (imports.c.workspace_id == by.workspace_id, imports.c.id == import_id)
        with self._db.read() as connection:
            row = connection.execute(sa.select(imports).where(*mine)).one_or_none()
        if row is None:
            raise NotFound("There is no such import.")
        outcome = Outcome.read(row.choices)
        return result_of(row, outcome, self._refused(by, row.refused_blob)) if outcome else None

    def run(
        self, by: Principal, data: Path | bytes, file_name: str, *, list_name: str, kit: str = AUTO, dry_run: bool = False
    ) -> MoveInResult:
        """Take an export in.

        Args:
            by: Who imports.
            data: The file, or its bytes: CSV, or a ZIP archive of them.
            file_name: What it is called.
            list_name: The list people join; made if new.
            kit: The word of the tool; found out if not given.
            dry_run: Only say what would happen.

        Raises:
            Denied: If `by` may not import contacts, or only sees some lists.
            InvalidInput: If it is from no tool we know, or can't be read.
            StorageFull: If there is no room to unpack it.
        """
        by.require(Permission.CONTACTS_IMPORT)
        by.require_all_lists()
        with private_folder(self._uploads) as folder:
            found = read(opened(data, file_name, kit, folder), by, self._suppressions, folder)
            export, along, now = found.export, found.standings, self._clock.now()
            plan = replace(found.plan, past_events=Past.count(export.kit, export.files, now))
            rows = found.rows
            taken = self._imports.run(by, rows.staged, file_name, list_name=list_name, mapping=rows.mapping, dry_run=dry_run, along=along)
            people = _placed(taken, rows)
            if dry_run:
                return MoveInResult(plan, people)
            past = Past(by.workspace_id, self._clock, export.kit, self._journal).keep(export.files, now)
            self._note(by, taken.import_id, past)
            return MoveInResult(plan, people, along.nos, along.proofs, along.tagged, past)

    def _note(self, by: Principal, import_id: int | None, past: int) -> None:
        """Keep with an import how many past events were kept."""
        mine = (imports.c.workspace_id == by.workspace_id, imports.c.id == import_id)
        with self._db.transaction() as connection:
            choices = connection.execute(sa.select(imports.c.choices).where(*mine)).scalar_one()
            connection.execute(sa.update(imports).where(*mine).values(choices={**choices, **past_noted(past)}))

    def _refused(self, by: Principal, key: str | None) -> bytes:
        try:
            return self._blobs.get(by.workspace_id, key) if key else b""
        except NotFound:  # somebody who was in there was erased meanwhile
            return b""


def _placed(taken: ImportResult, rows: Together) -> ImportResult:
    """Return what became of the rows with their lines as they are in their own files."""
    refused = []
    for row in taken.refused_rows:
        name, line = rows.place(row.line)
        refused.append(replace(row, line=line, reason=said_of(row.reason, name)))
    return replace(taken, refused_rows=refused)
