"""Importing a CSV: look at it, then take it in whole or not at all, and say of every refused row why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.address_hashes import AddressHashes
from core.contacts.attributes import check_room, declare, declared
from core.contacts.changes import next_change
from core.contacts.evidence import ConsentMethod, Evidence
from core.contacts.joining import ask_touched, asks_first
from core.contacts.lists import check_list_name, find_list, join_changed, list_named
from core.contacts.mapping import check_mapping, suggest
from core.contacts.merging import Merge, Progress, plan_merge, write_merge
from core.contacts.reading import Encoding, Sheet, read_sheet
from core.contacts.refusals import refused_csv
from core.contacts.suppression import Suppressions
from core.contacts.tables import consent_records, contacts, imports, list_members
from core.contacts.validating import Judged, RefusedRow, judge, without
from core.contacts.visibility import NOT_YOURS, addresses_out_of_sight, seen_imports, sees_list
from core.errors import NotFound
from core.permissions import Permission, Principal
from core.storage.blobs import Blobs
from core.storage.database import Database, analyse

__all__ = ["ContactImport", "Encoding", "ImportPlan", "ImportResult", "RefusedRow"]

SAMPLE_ROWS = 10
SHOWN_REFUSALS = 1_000
_BULK = 5_000


@dataclass(frozen=True)
class ImportPlan:
    """What a file holds and what we would make of it.

    Args:
        columns: The names in the header.
        sample: The first rows, by column.
        mapping: A suggested field per column: `email`, `first_name`, `last_name`, `attribute.<name>` or `skip`.
        rows: How many rows there are.
    """

    columns: list[str]
    sample: list[dict[str, str]]
    mapping: dict[str, str]
    rows: int


@dataclass(frozen=True)
class ImportResult:
    """What became of every row: rows = created + updated + unchanged + refused.

    Args:
        rows: Rows in the file that are not blank.
        created: New contacts.
        updated: Known contacts that got something new, be it only the list.
        unchanged: Known contacts that the file says nothing new about.
        refused: Rows that were not imported.
        refused_rows: The first 1,000 of them, by line.
        refused_blob: The key of a CSV of all of them, or None if there are none.
        list_id: The list; None after a dry run that would have made it.
        import_id: The import's number; None after a dry run.
    """

    rows: int
    created: int
    updated: int
    unchanged: int
    refused: int
    refused_rows: list[RefusedRow]
    refused_blob: str | None = None
    list_id: int | None = None
    import_id: int | None = None


class ContactImport:
    """Takes CSV files in; for somebody limited to some lists, onto these, and without the rows of people out of their sight.

    Args:
        db: The database.
        clock: The time.
        blobs: Where the refused rows are kept for download.
        hashes: Recognises addresses that were erased and suppressed.
    """

    def __init__(self, db: Database, clock: Clock, blobs: Blobs, hashes: AddressHashes | None = None) -> None:
        self._db, self._clock, self._blobs = db, clock, blobs
        self._suppressions = Suppressions(db, clock, hashes)

    def inspect(self, by: Principal, data: bytes, *, encoding: Encoding = Encoding.UTF_8) -> ImportPlan:
        """Return what a file holds and a suggestion of what its columns are.

        Raises:
            Denied: If `by` may not import.
            InvalidInput: If the file can't be read; says what to do.
        """
        by.require(Permission.CONTACTS_IMPORT)
        sheet = read_sheet(data, encoding)
        sample = _sample(sheet)
        return ImportPlan(sheet.columns, sample, suggest(sheet.columns, sample), sheet.frame.height + len(sheet.broken))

    def run(
        self,
        by: Principal,
        data: bytes,
        file_name: str,
        *,
        list_name: str,
        mapping: Mapping[str, str] | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        encoding: Encoding = Encoding.UTF_8,
        consent_held: bool = False,
    ) -> ImportResult:
        """Import a file in one transaction; nobody who unsubscribed or is suppressed is ever mailed again by it.

        Args:
            by: Who imports.
            data: The file's bytes: CSV with a header.
            file_name: What the file is called, for the record.
            list_name: The list everybody is put on; made where there is none.
            mapping: A field per column; columns left out are skipped. None takes the suggestion of `inspect`.
            dry_run: Change nothing and return what would happen.
            progress: Told how many rows are written, of how many.
            encoding: How to read the bytes.
            consent_held: Whether it can be shown already that everybody in it agreed; else a list with double opt-in asks them.

        Raises:
            Denied: If `by` may not import.
            InvalidInput: If the file or the mapping can't be used; says what to do.
            NotFound: If somebody limited to some lists names another one.
            Conflict: If an attribute was declared otherwise at the same moment.
        """
        by.require(Permission.CONTACTS_IMPORT)
        wanted_list = check_list_name(list_name)
        with self._db.read() as connection:
            _target(connection, by, wanted_list)  # before the work of reading
        sheet = read_sheet(data, encoding)
        judged = self._judge(by, sheet, mapping)
        if dry_run:
            with self._db.read() as connection:
                list_id, judged = _target(connection, by, wanted_list), _in_sight(connection, by, judged)
                merge = plan_merge(connection, by.workspace_id, judged.frame, judged.types, list_id)
            return _with_effects(_counted(sheet, judged), merge, list_id)
        return self._write(by, sheet, judged, file_name, wanted_list, progress or _quietly, consent_held=consent_held)

    def refused_rows(self, by: Principal, import_id: int) -> bytes:
        """Return the refused rows of an import as a CSV: line, reason, and the row's own columns.

        Raises:
            Denied: If `by` may not import.
            NotFound: If there is no such import or nothing was refused.
        """
        by.require(Permission.CONTACTS_IMPORT)
        mine = (imports.c.workspace_id == by.workspace_id, imports.c.id == import_id, *seen_imports(by))
        with self._db.read() as connection:
            key = connection.execute(sa.select(imports.c.refused_blob).where(*mine)).scalar()
        if key is None:
            raise NotFound("This import refused no rows, or there is no such import.")
        return self._blobs.get(by.workspace_id, key)

    def _judge(self, by: Principal, sheet: Sheet, mapping: Mapping[str, str] | None) -> Judged:
        mapped = check_mapping(suggest(sheet.columns, _sample(sheet)) if mapping is None else mapping, sheet.columns)
        with self._db.read() as connection:
            known = declared(connection, by.workspace_id)
        judged = judge(sheet, mapped, known)
        check_room(known | judged.types)
        return judged

    def _write(
        self, by: Principal, sheet: Sheet, judged: Judged, file_name: str, list_name: str, progress: Progress, *, consent_held: bool
    ) -> ImportResult:
        now = self._clock.now()
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            judged = _in_sight(connection, by, judged)
            declare(connection, by.workspace_id, judged.types, now)
            list_id = _target(connection, by, list_name) or list_named(connection, by.workspace_id, list_name, now)
            merge = plan_merge(connection, by.workspace_id, judged.frame, judged.types, list_id)
            result = _with_effects(self._with_refusals(by, sheet, judged), merge, list_id)
            import_id = self._record(connection, by, result, file_name)
            asks = asks_first(connection, by.workspace_id, [list_id]) and not consent_held
            how = {"source": f"import:{import_id}", "actor": by.label}
            write_merge(connection, by.workspace_id, merge, change=change, **how, now=now, progress=progress, is_pending=asks)
            if asks:
                told = Evidence(ConsentMethod.IMPORT, how["source"], actor=by.label)
                ask_touched(connection, self._db, self._clock, by.workspace_id, list_id, change, told)
            else:
                join_changed(connection, by.workspace_id, list_id, change, now)
            self._suppressions.restore_in(connection, by.workspace_id, [row["email"] for row in merge.new])
            if result.created + result.updated >= _BULK:
                analyse(connection, contacts, list_members, consent_records)
            counts = {name: getattr(result, name) for name in ("rows", "created", "updated", "unchanged", "refused")}
            record(connection, now, by, AuditAction.CONTACTS_IMPORTED, f"import:{import_id}", after={"list": list_id, **counts})
        return replace(result, import_id=import_id)

    def _with_refusals(self, by: Principal, sheet: Sheet, judged: Judged) -> ImportResult:
        counted = _counted(sheet, judged)
        if not judged.refused:
            return counted
        return replace(counted, refused_blob=self._blobs.put(by.workspace_id, refused_csv(sheet, judged.refused)))

    def _record(self, connection: sa.Connection, by: Principal, result: ImportResult, file_name: str) -> int:
        counts = {name: getattr(result, name) for name in ("list_id", "rows", "created", "updated", "refused", "refused_blob")}
        name = "".join(letter for letter in file_name if letter.isprintable())[:255]
        row = {"workspace_id": by.workspace_id, "file_name": name, "imported_by": by.label, "created_at": self._clock.now(), **counts}
        return int(connection.execute(sa.insert(imports).values(row).returning(imports.c.id)).scalar_one())


def _target(connection: sa.Connection, by: Principal, name: str) -> int | None:
    """Return the list of this name, or None for one that is still to be made.

    Raises:
        NotFound: If `by` is limited to some lists and this is none of them.
    """
    list_id = find_list(connection, by.workspace_id, name)
    if by.lists is not None and (list_id is None or not sees_list(by, list_id)):
        raise NotFound(f"There is no list called “{name}”.", hint="Choose one of the lists you see.")
    return list_id


def _in_sight(connection: sa.Connection, by: Principal, judged: Judged) -> Judged:
    """Refuse the rows of people whom `by` may not see."""
    hidden = addresses_out_of_sight(connection, by, judged.frame["email"].to_list())
    return without(judged, hidden, NOT_YOURS) if hidden else judged


def _counted(sheet: Sheet, judged: Judged) -> ImportResult:
    rows = sheet.frame.height + len(sheet.broken)
    return ImportResult(rows, 0, 0, 0, len(judged.refused), judged.refused[:SHOWN_REFUSALS])


def _with_effects(counted: ImportResult, merge: Merge, list_id: int | None) -> ImportResult:
    updated = len(merge.changed) + len(merge.joining)
    return replace(counted, created=len(merge.new), updated=updated, unchanged=merge.unchanged, list_id=list_id)


def _sample(sheet: Sheet) -> list[dict[str, str]]:
    keys = [sheet.key(column) for column in sheet.columns]
    return [dict(zip(sheet.columns, row, strict=True)) for row in sheet.frame.select(keys).head(SAMPLE_ROWS).iter_rows()]


def _quietly(_done: int, _total: int) -> None:
    """Tell nobody."""
