"""How far the cells of a workbook's sheet reach: its reader holds everything between the first and the last, filled or not.

What is counted here is never less than what that reader makes of a sheet. It goes by tags alone, wherever in a workbook they stand,
and minds neither prefixes nor whether they match; so only tags that can be read in one way are let through.
"""

from __future__ import annotations

import re

from core.contacts.imports.files.bounds import MAX_CELLS, MAX_COLUMNS
from core.contacts.imports.files.shared_strings import Readable, SharedTexts
from core.contacts.imports.files.tags import PREFIX, are_plain
from core.errors import InvalidInput

SAVE_AGAIN = "Open it in your spreadsheet program, save it as .xlsx or as “CSV UTF-8”, and try again."
_BLOCK, _LONGEST_TAG = 4 << 20, 1 << 20
_CELL = re.compile(rb"<" + PREFIX + rb"c(?=[\s/>])")
_ROW = re.compile(rb"<(/?)" + PREFIX + rb"row(?=[\s/>])")
_END_OF_ROW = re.compile(rb"</" + PREFIX + rb"row(?=[\s/>])")
# Where a row or a cell says it is; the last group has something where it says so in a way that can't be told.
_PLACE = re.compile(
    rb"<" + PREFIX + rb"""(c|row)(?=\s)(?:[^<>"']|"[^"<]*"|'[^'<]*')*?\sr\s*=\s*(?:["']\s*([A-Za-z]{0,3})([0-9]{0,7})\s*["']|(.))""",
    re.DOTALL,
)
# Without this tag there are no cells, and with it there are, whatever a file is called.
_CELLS_BEGIN = b"sheetData"


def look_over(source: Readable, texts: SharedTexts) -> None:
    """Read a file of a workbook to its end; where there are cells in it, look how far they reach and which texts they name.

    Args:
        source: The file.
        texts: The texts that cells name by number.

    Raises:
        InvalidInput: If its cells would take too much memory, or their places are hidden from this look.
    """
    reach, before = None, b""
    while block := source.read(_BLOCK):
        seen = before + block
        if reach is None and (begin := seen.find(_CELLS_BEGIN)) >= 0:
            reach, seen = _Reach(texts), seen[max(seen.rfind(b"<", 0, begin), 0) :]
        if reach is not None:
            reach.look_at(seen)
            before = b""
        else:  # the name of a tag, with a prefix, may be in two blocks
            before = seen[-_LONGEST_TAG:]


class _Reach:
    def __init__(self, texts: SharedTexts) -> None:
        self._texts = texts
        self._rest, self._row_tags = b"", b""
        self._rows, self._columns, self._cells = 1, 1, 0
        self._unplaced_rows, self._unplaced_in_row, self._most_unplaced = 0, 0, 0

    def look_at(self, block: bytes) -> None:
        seen = self._rest + block
        end = max(seen.rfind(b"<"), 0)
        self._rest, seen = seen[end:], seen[:end]
        if not are_plain(seen):
            raise _unreadable()
        self._texts.look_at(seen)
        self._measure(seen)
        self._check()

    def _measure(self, seen: bytes) -> None:
        places = _PLACE.findall(seen)
        if any(hidden for *_, hidden in places):
            raise _unreadable()
        self._columns = max(self._columns, *map(_column, {letters for _, letters, _, _ in places}), 1)
        self._rows = max(self._rows, *(int(digits or 0) for digits in {digits for _, _, digits, _ in places}), 1)
        cells, rows = len(_CELL.findall(seen)), _ROW.findall(seen)
        self._row_tags = self._row_tags[-1:] + b"".join(end or b"." for end in rows)
        if b"//" in self._row_tags:  # each end makes the next row one further
            raise _unreadable()
        placed = sum(kind == b"row" for kind, *_ in places)
        self._cells += cells
        self._unplaced_rows += len(rows) - sum(end == b"/" for end in rows) - placed
        self._count_unplaced(seen, cells > len(places) - placed)

    def _count_unplaced(self, seen: bytes, there_are_some: bool) -> None:
        """Count the cells of each row: one that doesn't say where it is comes after the one before it."""
        if not there_are_some:
            return
        for part in _END_OF_ROW.split(seen):
            self._unplaced_in_row += len(_CELL.findall(part))
            self._most_unplaced = max(self._most_unplaced, self._unplaced_in_row)
            self._unplaced_in_row = 0
        self._unplaced_in_row = len(_CELL.findall(part))

    def _check(self) -> None:
        rows, columns = self._rows + 2 * self._unplaced_rows, self._columns + self._most_unplaced
        if max(rows * columns, self._cells) > MAX_CELLS and columns <= MAX_COLUMNS:
            message = f"The sheet has {rows:,} rows and {columns:,} columns, more than a workbook may have here."
            raise InvalidInput(message, hint="Save it as “CSV UTF-8” or Parquet; those may be any size.")
        if rows * columns > MAX_CELLS or len(self._rest) > _LONGEST_TAG:
            message = f"The sheet has cells in {columns:,} columns, far from each other."
            raise InvalidInput(message, hint=f"Use at most {MAX_COLUMNS} columns.")


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _unreadable() -> InvalidInput:
    return InvalidInput("This workbook can’t be read.", hint=SAVE_AGAIN)
