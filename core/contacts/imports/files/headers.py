"""The top of a text file: what separates its values, what its columns are called, and where its rows begin."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.contacts.imports.files.bounds import MAX_LINE
from core.contacts.imports.files.encodings import Text
from core.errors import InvalidInput

csv.field_size_limit(1 << 30)  # the module's own 128 KiB would refuse a line without saying that its field is too long

_HEAD = 8 << 20
_WHAT_TO_WRITE = "Choose a file with a header and a row for each contact."
_HEADER_LINES = 50
_SEPARATORS = ",;\t|"
_DECLARED_SEPARATOR = re.compile(r"sep=([,;\t|])", re.IGNORECASE)  # Excel's own first line


@dataclass(frozen=True)
class Header:
    """What is known before the first row.

    Args:
        separator: What stands between values.
        names: What stands in the header, as it is written.
        start: The byte at which the rows begin.
        line: The number of the line at which they begin, from 1.
    """

    separator: str
    names: list[str]
    start: int
    line: int


def read_header(text: Text) -> Header:
    """Return the header of a text file; lines above it may be blank, or name the separator as Excel does.

    Raises:
        InvalidInput: If there is none; says what to do.
    """
    with text.path.open("rb") as file:
        file.seek(text.start)
        head = file.read(_HEAD)
    if not head.strip() and len(head) < MAX_LINE:
        raise InvalidInput("The first line names no columns." if text.start else "The file is empty.", hint=_WHAT_TO_WRITE)
    lines = head.decode("utf-8", "ignore").split("\n")
    position, separators = _first_filled(lines, 0), _SEPARATORS
    if position < len(lines) and (declared := _DECLARED_SEPARATOR.fullmatch(lines[position].rstrip("\r"))):
        position, separators = _first_filled(lines, position + 1), declared[1]
    found = max((_record(lines, position, separator) for separator in separators), key=lambda one: len(one[0]))
    names, taken, separator = found
    above = "\n".join([*lines[: position + taken], ""])
    return Header(separator, names, text.start + min(len(above.encode()), len(head)), position + taken + 1)


def _first_filled(lines: Sequence[str], position: int) -> int:
    while position < len(lines) and not lines[position].strip("\r"):
        position += 1
    return position


def _record(lines: Sequence[str], position: int, separator: str) -> tuple[list[str], int, str]:
    reader = csv.reader([line.rstrip("\r") + "\n" for line in lines[position : position + _HEADER_LINES]], delimiter=separator)
    try:
        return next(reader, []), max(reader.line_num, 1), separator
    except csv.Error as error:
        raise InvalidInput("The header can't be read.", hint="The first line must name the columns, separated by commas.") from error
