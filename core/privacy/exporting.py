"""All about a person, in a ZIP: each place of the registry as JSON and as CSV, and a page in words about what it is.

GDPR art. 15 and 20, Cal. Civ. Code §1798.110: a copy of the data, what it is for, how long it is kept, where it came from, in a form a
machine can read. It is written row by row, so that it makes no difference how much there is.
"""

from __future__ import annotations

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile

import orjson

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import disguised, normalise
from core.errors import NotFound, StorageFull
from core.formulas import unformula
from core.permissions import Principal
from core.privacy.answering import check_request, note_exported
from core.privacy.asking import require
from core.privacy.hashes import SubjectHashes
from core.privacy.rows_about import RowsAbout
from core.privacy.subjects import Subject, find_subject
from core.storage.database import Database

_TEXT = "utf-8-sig"  # so that spreadsheets read the letters right


@dataclass(frozen=True)
class PersonExport:
    """What was written.

    Args:
        path: The ZIP.
        counts: How many rows of what.
        size: Its size in bytes.
    """

    path: Path
    counts: Mapping[str, int]
    size: int


class PersonExports:
    """Writes all that is known about somebody into a file.

    Args:
        db: The database.
        clock: The time.
        rows: Finds the rows.
        hashes: Tell whose requests are whose.
    """

    def __init__(self, db: Database, clock: Clock, rows: RowsAbout, hashes: SubjectHashes) -> None:
        self._db, self._clock, self._rows, self._hashes = db, clock, rows, hashes

    def export(self, by: Principal, email: str, path: Path, *, request_id: int | None = None) -> PersonExport:
        """Write a ZIP with all that is known about somebody.

        Args:
            by: Who asks.
            email: Their address.
            path: Where to; what is there is replaced once the new file is whole, and only this user of the machine can read it.
            request_id: The request it answers, which notes it.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If it can't be an address.
            NotFound: If nothing is known about it.
            StorageFull: If the disk is full.
        """
        require(by)
        address = normalise(email, allows_utf8=True)
        with self._db.read() as connection:
            subject = find_subject(connection, by.workspace_id, address, self._hashes)
            check_request(connection, by, request_id, subject)
        return self._write(subject, path, partial(self._tell, by, subject, request_id))

    def _tell(self, by: Principal, subject: Subject, request_id: int | None, rows: int) -> None:
        now = self._clock.now()
        with self._db.transaction() as connection:
            note_exported(connection, by, request_id, now)
            target = f"contact:{subject.contact_id}" if subject.contact_id else f"address:{disguised(by.workspace_id, subject.email)}"
            record(connection, now, by, AuditAction.PERSONAL_DATA_EXPORTED, target, after={"rows": rows})

    def _write(self, subject: Subject, path: Path, tell: Callable[[int], None]) -> PersonExport:
        temporary = path.with_name(f".{path.name}.part")
        counts: Counter[str] = Counter()
        try:
            with closing(os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b")) as file:
                with ZipFile(file, "w", ZIP_DEFLATED) as archive:
                    for name, make in self._rows.all(subject).items():
                        counts[name] = _put(archive, name, make)
                    if not sum(counts.values()):
                        raise NotFound("Nothing is known about this address here.", hint="Check how it is written.")
                    archive.writestr("README.txt", self._rows.words(subject, counts, self._clock.now()))
                file.flush()
                os.fsync(file.fileno())
            tell(sum(counts.values()))  # before anybody can have it
            temporary.replace(path)
        except OSError as error:
            raise StorageFull("The file can’t be written.", hint="Free some disk space, or choose another folder.") from error
        finally:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
        return PersonExport(path, {name: count for name, count in counts.items() if count}, path.stat().st_size)


def _put(archive: ZipFile, name: str, make: Any) -> int:
    """Write rows as JSON and as CSV, one after the other: a ZIP takes one file at a time. Return how many there are."""
    rows: Iterator[Mapping[str, Any]] = iter(make())
    first = next(rows, None)
    if first is None:
        return 0
    with archive.open(f"{name}.json", "w", force_zip64=True) as file:
        count = _as_json(file, first, rows)
    with archive.open(f"{name}.csv", "w", force_zip64=True) as file:
        _as_csv(file, make())
    return count


def _as_json(file: IO[bytes], first: Mapping[str, Any], rest: Iterable[Mapping[str, Any]]) -> int:
    file.write(b"[\n" + _json(first))
    count = 1
    for row in rest:
        file.write(b",\n" + _json(row))
        count += 1
    file.write(b"\n]\n")
    return count


def _as_csv(file: IO[bytes], rows: Iterable[Mapping[str, Any]]) -> None:
    text = io.TextIOWrapper(file, encoding=_TEXT, newline="", write_through=False)
    writer: Any = None
    for row in rows:
        if writer is None:
            writer = csv.writer(text)
            writer.writerow(row)
        writer.writerow([_cell(value) for value in row.values()])
    text.flush()
    text.detach()


def _json(row: Mapping[str, Any]) -> bytes:
    # The names of columns are texts of SQLAlchemy's own kind.
    return orjson.dumps(dict(row), option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS, default=str)


def _cell(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (dict, list)):
        return unformula(orjson.dumps(value).decode())
    return unformula(value) if isinstance(value, str) else value
