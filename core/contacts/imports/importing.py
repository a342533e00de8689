"""Importing a file: look at it, then take it in whole or not at all, and say of every refused row why.

`run` does it at once. `start` puts it on record and lays the file aside: `work` then does it, in whatever process, and after a crash
`take_up` goes on with what was left. Either way one transaction writes everything, so nothing is ever half imported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.names import names_of
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import declared
from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.staging import laid_out
from core.contacts.imports.folder import ImportFolder, Step
from core.contacts.imports.judging import RefusedRow
from core.contacts.imports.kinds import ColumnType, Kind
from core.contacts.imports.merging import Along, ChangedRow, Progress, Rule
from core.contacts.imports.models import (
    MOVED_IN,
    Choices,
    FlaggedRow,
    ImportPlan,
    ImportResult,
    PastImport,
    Undone,
    lasting,
)
from core.contacts.imports.remembering import sample, suggested
from core.contacts.imports.running import Asked, Running, target
from core.contacts.imports.staged import Staged
from core.contacts.imports.starting import Order, Starting, folders_of
from core.contacts.imports.states import OPEN, UNFINISHED, ImportState
from core.contacts.imports.suggesting import suggest_kinds
from core.contacts.imports.undoing import last_change, undo
from core.contacts.imports.work_kinds import PLAIN, Kinds, PlainFile
from core.contacts.imports.working import Working
from core.contacts.list_names import check_list_name
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import imports
from core.contacts.visibility import seen_imports
from core.errors import Conflict, NotFound
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database

# fmt: off
__all__ = [
    "ChangedRow", "Choices", "ContactImport", "Encoding", "FlaggedRow", "ImportPlan", "ImportResult", "ImportState", "PastImport",
    "RefusedRow", "Rule", "Undone",
]
# fmt: on


class ContactImport:
    """Takes files in; for somebody limited to some lists, onto these, and without the rows of people out of their sight.

    Args:
        db: The database.
        clock: The time.
        blobs: Where the refused rows are kept for download; files that wait to be imported are beside it.
        hashes: Recognises addresses that were erased and suppressed.
        used: Queries for the ids of contacts that rooms above know something about (mail they got): undoing leaves these.
        kinds: What else than a plain file can be on record to be imported, by its word.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        blobs: Blobs,
        hashes: AddressHashes | None = None,
        used: Sequence[sa.Select[Any]] = (),
        kinds: Kinds | None = None,
    ) -> None:
        self._db, self._clock, self._blobs, self._used = db, clock, blobs, used
        self._root = folders_of(blobs)
        self._uploads = blobs.root.parent / "uploads"
        self._suppressions = Suppressions(db, clock, hashes)
        self._running = Running(db, clock, blobs, self._suppressions)
        self._starting = Starting(db, clock, self._root)
        self._working = Working(db, self._root, self._running, clock, {PLAIN: PlainFile, **(kinds or {})})

    def inspect(self, by: Principal, data: bytes | Staged, *, encoding: Encoding | None = None) -> ImportPlan:
        """Return what a file holds and a suggestion of what its columns are.

        Raises:
            Denied: If `by` may not import.
            InvalidInput: If the file can't be read; says what to do.
        """
        by.require(Permission.CONTACTS_IMPORT)
        staged = self._staged(data, encoding)
        with self._db.read() as connection:
            found = suggested(connection, by.workspace_id, staged)
            known = {name: Kind(ColumnType(kind)) for name, kind in declared(connection, by.workspace_id).items()}
        kinds, ambiguous = suggest_kinds(staged, found.mapping, known)
        kinds |= found.kinds
        ambiguous = {column: ways for column, ways in ambiguous.items() if column not in found.kinds}
        return ImportPlan(staged.columns, sample(staged), found.mapping, staged.total, kinds, ambiguous, found.is_remembered)

    def run(
        self,
        by: Principal,
        data: bytes | Staged,
        file_name: str,
        *,
        list_name: str,
        mapping: Mapping[str, str] | None = None,
        kinds: Mapping[str, str] | None = None,
        rule: Rule = Rule.OVERWRITE,
        consent_held: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        encoding: Encoding | None = None,
        along: Along | None = None,
    ) -> ImportResult:
        """Import a file in one transaction; nobody who unsubscribed or is suppressed is ever mailed again by it.

        Args:
            by: Who imports.
            data: The file's bytes, or the file laid out already.
            file_name: What the file is called, for the record.
            list_name: The list everybody is put on; made where there is none.
            mapping: A field per column; columns left out are skipped. None takes the suggestion of `inspect`.
            kinds: A type per column; see `Choices`.
            rule: What happens to contacts that there are already.
            consent_held: Whether it can be shown already that everybody in it agreed; see `Choices`.
            dry_run: Change nothing and return what would happen.
            progress: Told how many rows are written, of how many.
            encoding: How to read the bytes of a text file; None finds out.
            along: What comes into the same transaction, where more is known of the people than the file's columns say.

        Raises:
            Denied: If `by` may not import.
            InvalidInput: If the file, the mapping or a type can't be used; says what to do.
            NotFound: If somebody limited to some lists names another one.
            Conflict: If an attribute was declared otherwise at the same moment.
        """
        by.require(Permission.CONTACTS_IMPORT)
        choices = Choices(check_list_name(list_name), mapping, kinds or {}, rule, consent_held)
        self._check_target(by, choices)  # before the work of reading
        asked = Asked(by, self._staged(data, encoding), file_name, choices, along=along)
        told = progress or _quietly
        step = self._running.try_out if dry_run else self._running.do
        return step(asked, lambda _stage, done, total: told(done, total))

    def start(self, by: Principal, staged: Staged, file_name: str, choices: Choices) -> int:
        """Put an import on record, to be done by `work` or, should nobody do so, by the worker; return its number.

        Args:
            by: Who imports.
            staged: The file, which is taken over; where it is on the disk, it is moved.
            file_name: What the file is called, for the record.
            choices: How it is to be taken in.

        Raises:
            Denied: If `by` may not import.
            InvalidInput: If the list can't have this name.
            NotFound: If somebody limited to some lists names another one.
            StorageFull: If the file can't be kept.
        """
        by.require(Permission.CONTACTS_IMPORT)
        check_list_name(choices.list_name)
        self._check_target(by, choices)
        order = Order(by, file_name, choices.list_name, staged.total, choices.stored(by))
        told = {"rows": staged.total}
        return self._starting.start(order, lambda folder: folder.hold(staged), AuditAction.IMPORT_STARTED, told)

    def work(self, import_id: int, progress: Progress | None = None) -> ImportResult | None:
        """Do an import that was started; return what became of it, or None where there is nothing to do or somebody else does it.

        Raises:
            PostwrightError: If it failed; its row says so too. After `Unavailable` it is tried again, three times in all.
        """
        return self._working.work(import_id, progress or _quietly)

    def take_up(self) -> int:
        """Do what was started and nobody does: what a process left that was killed, or never began; return how many were done."""
        return self._working.take_up()

    def cancel(self, by: Principal, import_id: int) -> None:
        """Cancel an import that is not done; nothing of it stays.

        Raises:
            Denied: If `by` may not import.
            NotFound: If there is no such import.
            Conflict: If it is over.
        """
        by.require(Permission.CONTACTS_IMPORT)
        row = self._row(by, import_id)
        folder = ImportFolder(self._root / row.folder)
        folder.ask_to_stop()  # first: on SQLite the next line waits until the import has let go
        with self._db.transaction() as connection:
            open_one = (*self._mine(by, import_id), imports.c.state.in_(OPEN))
            gone = sa.update(imports).where(*open_one).values(state=ImportState.CANCELLED, choices=lasting(row.choices), folder="")
            if connection.execute(gone).rowcount != 1:
                raise Conflict("This import is over.", hint="If it went through, you can take it back.")
            record(connection, self._clock.now(), by, AuditAction.IMPORT_CANCELLED, f"import:{import_id}")
        with folder.locked() as is_ours:
            if is_ours:  # else whoever works on it does so
                folder.remove()

    def undo(self, by: Principal, import_id: int) -> Undone:
        """Take the last import back: its contacts go, what it changed is as before, but for what something happened to since.

        Raises:
            Denied: If `by` may not import.
            NotFound: If there is no such import.
            Conflict: If it is not the last one that was done.
        """
        by.require(Permission.CONTACTS_IMPORT)
        with self._db.transaction() as connection:
            return undo(connection, by, self._row(by, import_id), self._used, self._suppressions, self._clock.now())

    def all(self, by: Principal, limit: int = 50) -> list[PastImport]:
        """Return the imports, newest first, those that are going on with how far they are.

        Raises:
            Denied: If `by` may not import.
        """
        by.require(Permission.CONTACTS_IMPORT)
        wanted = sa.select(imports).where(imports.c.workspace_id == by.workspace_id, *seen_imports(by))
        with self._db.read() as connection:
            last = last_change(connection, by.workspace_id)
            found = connection.execute(wanted.order_by(imports.c.id.desc()).limit(limit)).all()
            names = names_of(connection, by.workspace_id, [row.imported_by for row in found])
        return [self._as_past(row, last, names) for row in found]

    def get(self, by: Principal, import_id: int) -> PastImport:
        """Return an import, with how far it is.

        Raises:
            Denied: If `by` may not import.
            NotFound: If there is no such import.
        """
        by.require(Permission.CONTACTS_IMPORT)
        row = self._row(by, import_id)
        with self._db.read() as connection:
            names = names_of(connection, by.workspace_id, [row.imported_by])
            return self._as_past(row, last_change(connection, by.workspace_id), names)

    def refused_rows(self, by: Principal, import_id: int) -> bytes:
        """Return the refused rows of an import as a CSV: line, reason, and the row's own columns.

        Raises:
            Denied: If `by` may not import.
            NotFound: If there is no such import or nothing was refused.
        """
        by.require(Permission.CONTACTS_IMPORT)
        with self._db.read() as connection:
            key = connection.execute(sa.select(imports.c.refused_blob).where(*self._mine(by, import_id))).scalar()
        if key is None:
            raise NotFound("This import refused no rows, or there is no such import.")
        return self._blobs.get(by.workspace_id, key)

    def _staged(self, data: bytes | Staged, encoding: Encoding | None) -> Staged:
        return data if isinstance(data, Staged) else laid_out(data, encoding, self._uploads)

    def _check_target(self, by: Principal, choices: Choices) -> None:
        with self._db.read() as connection:
            target(connection, by, choices.list_name)

    def _row(self, by: Principal, import_id: int) -> Any:
        with self._db.read() as connection:
            row = connection.execute(sa.select(imports).where(*self._mine(by, import_id))).one_or_none()
        if row is None:
            raise NotFound("There is no such import.")
        return row

    def _mine(self, by: Principal, import_id: int) -> list[sa.ColumnElement[bool]]:
        return [imports.c.workspace_id == by.workspace_id, imports.c.id == import_id, *seen_imports(by)]

    def _as_past(self, row: Any, last: int | None, called: Mapping[str, str]) -> PastImport:
        step = ImportFolder(self._root / row.folder).progress() if row.state in UNFINISHED else Step()
        names = ("id", "file_name", "list_id", "created_at", "finished_at", "imported_by", "rows", "created", "updated", "unchanged")
        values = {name: getattr(row, name) for name in (*names, "refused", "suppressed", "error")}
        values["importer"] = called.get(row.imported_by, "")
        values["moved_in_from"] = row.choices.get(MOVED_IN, "")
        can_be_undone = row.change is not None and row.change == last
        return PastImport(
            **values, state=ImportState(row.state), stage=step.stage, done=step.done, total=step.total, can_be_undone=can_be_undone
        )


def _quietly(_done: int, _total: int) -> None:
    """Tell nobody."""
