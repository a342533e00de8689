"""Reading an Excel workbook (`.xlsx`): the first sheet with something on it, each value as the text a CSV would have.

The reader holds every cell between the first and the last in memory, so two cells far apart would be a bomb; how far the sheets
reach is looked up in them before. That pass also unpacks everything once, against the sizes and sums the archive claims.
"""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO

import polars as pl
import python_calamine as calamine

from core.contacts.imports.files.bounds import MAX_WORKBOOK, MAX_WORKBOOK_PART
from core.contacts.imports.files.shared_strings import Readable, SharedTexts
from core.contacts.imports.files.sheets import SAVE_AGAIN, look_over
from core.contacts.imports.files.tables import Table, column_names, rows_framed
from core.contacts.imports.files.unpacking import DAMAGED, check_growth, open_zip
from core.errors import InvalidInput

_AT_ONCE = 5_000
_FAILURES = (calamine.CalamineError, *DAMAGED)

Value = int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta


def read_workbook(path: Path, folder: Path) -> Table:
    """Return the first sheet of a workbook that has something on it.

    Args:
        path: The file.
        folder: Where a copy of it can be put.

    Raises:
        InvalidInput: If it is damaged, or would take too much memory; says what to do.
    """
    copy = folder / "workbook"
    files = _check(path, copy)
    try:
        workbook = calamine.CalamineWorkbook.from_path(str(copy))
        listed = [one for one in workbook.sheets_metadata if one.typ == calamine.SheetTypeEnum.WorkSheet]
        if len(listed) > files:  # else one sheet could be read a thousand times, each under another name
            raise InvalidInput("This workbook can’t be read.", hint=SAVE_AGAIN)
        visible = [one.name for one in listed if one.visible == calamine.SheetVisibleEnum.Visible]
        sheets = (workbook.get_sheet_by_name(name) for name in visible)
        sheet = next((one for one in sheets if one.start is not None), None)
    except _FAILURES as error:
        raise InvalidInput("This workbook can’t be read.", hint=SAVE_AGAIN) from error
    if sheet is None:
        raise InvalidInput("The workbook is empty.", hint="Put a header and a row for each contact on its first sheet.")
    rows = enumerate(sheet.iter_rows(), 1)
    filled = ((line, texts) for line, values in rows if any(texts := [as_text(value) for value in values]))
    _, header = next(filled, (0, []))
    columns = column_names(header)
    notes = [f"The workbook has {len(visible)} sheets; “{sheet.name}” was read."] if len(visible) > 1 else []
    return Table(columns, _frames(filled, len(columns)), notes=notes)


def as_text(value: Value) -> str:
    """Return what a CSV would have in the place of a cell."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ", "seconds")
    return str(value)


def _frames(rows: Iterator[tuple[int, Sequence[str]]], width: int) -> Iterator[pl.DataFrame]:
    while some := list(islice(rows, _AT_ONCE)):
        yield rows_framed([line for line, _ in some], [texts for _, texts in some], width)


def _check(path: Path, copy: Path) -> int:
    """Look a workbook over and write down what was seen, for another reader may find other files in it; return how many there are."""
    try:
        with open_zip(path) as archive, zipfile.ZipFile(copy, "w") as out:
            entries = sorted(archive.infolist(), key=_names_texts, reverse=True)
            size = sum(entry.file_size for entry in entries)
            check_growth(path.stat().st_size, size)
            if size > MAX_WORKBOOK:
                message = f"The workbook is larger than {MAX_WORKBOOK >> 30} GB once it is unpacked."
                raise InvalidInput(message, hint="Save it as “CSV UTF-8” or Parquet; those may be any size.")
            longest = max((entry.file_size for entry in entries if _is_told_by(_plain(entry))), default=0)
            if longest > MAX_WORKBOOK_PART or len({_plain(entry) for entry in entries}) < len(entries):
                raise InvalidInput("This workbook can’t be read.", hint=SAVE_AGAIN)
            texts = SharedTexts()
            for entry in entries:
                with archive.open(entry) as source, out.open(entry.filename, "w") as target:
                    _look(_Copied(source, target), entry, texts)
            return len(entries)
    except DAMAGED as error:
        raise InvalidInput("This workbook is damaged or locked with a password.", hint=SAVE_AGAIN) from error


def _look(source: Readable, entry: zipfile.ZipInfo, texts: SharedTexts) -> None:
    if _names_texts(entry):
        texts.read(source, entry.file_size)
    look_over(source, texts)


class _Copied:
    """A file that is written down while it is read."""

    def __init__(self, source: IO[bytes], target: IO[bytes]) -> None:
        self._source, self._target = source, target

    def read(self, size: int) -> bytes:
        block = self._source.read(size)
        self._target.write(block)
        return block


def _names_texts(entry: zipfile.ZipInfo) -> bool:
    return PurePosixPath(_plain(entry)).name == "sharedstrings.xml"


def _is_told_by(name: str) -> bool:
    """Return whether a file tells which sheets and formats there are."""
    return name.endswith((".rels", "workbook.xml", "styles.xml"))


def _plain(entry: zipfile.ZipInfo) -> str:
    return entry.filename.replace("\\", "/").lower()
