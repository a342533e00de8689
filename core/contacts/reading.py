"""Reading an uploaded CSV: its encoding, its separator, its header, and every row as text with its line number."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from core.contacts.splitting import Broken, column_key, rows_as_text
from core.errors import InvalidInput

MAX_COLUMNS = 500
_SAVE_AS = "Save it as “CSV UTF-8” (comma separated) and try again."
_MAX_NAME = 200
_HEADER_LINES = 50
_SEPARATORS = ",;\t"
_DECLARED_SEPARATOR = re.compile(r"sep=([,;\t])(?:\n|$)", re.IGNORECASE)  # Excel's own first line


class Encoding(StrEnum):
    """How the bytes of a file stand for letters."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1252 = "cp1252"


@dataclass(frozen=True)
class Sheet:
    """A file as rows of text.

    Args:
        columns: The names in the header, in order.
        frame: `line` (where the row begins in the file, from 1), `surplus` (whether it has values without a column), and per column
            one of text under `column_key(position)`; rows without any text are left out.
        broken: Lines that could not be told apart into values.
    """

    columns: list[str]
    frame: pl.DataFrame
    broken: list[Broken]

    def key(self, column: str) -> str:
        """Return the name under which the frame holds a column."""
        return column_key(self.columns.index(column))


def read_sheet(data: bytes, encoding: Encoding = Encoding.UTF_8) -> Sheet:
    """Return an uploaded CSV as text; the separator (comma, semicolon or tab) is found out.

    Args:
        data: The file's bytes; a byte order mark wins over `encoding`.
        encoding: How to read them.

    Raises:
        InvalidInput: If it is empty, not a CSV, in another encoding, or its header can't be used; says what to do.
    """
    text = decoded(data, encoding)
    header, body, first_line = _split_off_header(text)
    columns = _column_names(header.names)
    frame, broken = rows_as_text(body, header.separator, len(columns), first_line)
    if frame.is_empty() and not broken:
        raise InvalidInput("The file has a header but no rows.", hint="Add a row for each contact.")
    return Sheet(columns, frame, broken)


def decoded(data: bytes, encoding: Encoding) -> str:
    """Return the text of a file with every line ending in LF."""
    if not data.strip():
        raise InvalidInput("The file is empty.", hint="Choose a CSV file with a header and a row for each contact.")
    if data.startswith(b"PK\x03\x04") or data.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput("This is a workbook, not a CSV file.", hint=_SAVE_AS)
    text = _decode(data, encoding)
    if text.count("\0") > len(text) // 10:
        raise InvalidInput("This is not a text file, or it is UTF-16 without a mark that says so.", hint=_SAVE_AS)
    unified = text.replace("\r\n", "\n")
    return unified if "\n" in unified else unified.replace("\r", "\n")


def _decode(data: bytes, encoding: Encoding) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = Encoding.UTF_16
    elif data.startswith(codecs.BOM_UTF8):
        data, encoding = data.removeprefix(codecs.BOM_UTF8), Encoding.UTF_8
    try:
        return data.decode(encoding.value)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"The file is not in the encoding {encoding.value}: line {line} holds the byte 0x{data[error.start]:02X}."
        raise InvalidInput(message, hint=_SAVE_AS) from error


@dataclass(frozen=True)
class _Header:
    separator: str
    names: list[str]
    lines: int


def _split_off_header(text: str) -> tuple[_Header, str, int]:
    """Return the header, the text after it, and the number of that text's first line."""
    start, line = _skip_blank(text, 0, 1)
    separators = _SEPARATORS
    if declared := _DECLARED_SEPARATOR.match(text, start):
        separators = declared[1]
        start, line = _skip_blank(text, declared.end(), line + 1)
    header = max((_first_record(text, start, separator) for separator in separators), key=lambda found: len(found.names))
    for _ in range(header.lines):
        following = text.find("\n", start)
        start = len(text) if following < 0 else following + 1
    return header, text[start:], line + header.lines


def _skip_blank(text: str, start: int, line: int) -> tuple[int, int]:
    while start < len(text) and text[start] == "\n":
        start, line = start + 1, line + 1
    return start, line


def _first_record(text: str, start: int, separator: str) -> _Header:
    reader = csv.reader(_some_lines(text, start), delimiter=separator)
    try:
        return _Header(separator, next(reader, []), max(reader.line_num, 1))
    except csv.Error as error:
        raise InvalidInput("The header can't be read.", hint="The first line must name the columns, separated by commas.") from error


def _some_lines(text: str, start: int) -> Iterator[str]:
    for _ in range(_HEADER_LINES):
        end = text.find("\n", start)
        if end < 0:
            yield text[start:]
            return
        yield text[start : end + 1]
        start = end + 1


def _column_names(header: Sequence[str]) -> list[str]:
    """Return the columns' names: each once, none empty, and not somebody's data."""
    names = [" ".join(name.replace("\0", "").split()) for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidInput("The first line names no columns.", hint="Start the file with a line such as email,first_name,last_name.")
    if any("@" in name and "." in name.rpartition("@")[2] for name in names):
        raise InvalidInput("The first line holds an address, not the names of the columns.", hint="Put email,first_name,… above it.")
    if len(names) > MAX_COLUMNS or max(map(len, names)) > _MAX_NAME:
        raise InvalidInput(f"The header has {len(names)} columns or a very long name.", hint=f"Use at most {MAX_COLUMNS} short names.")
    named = [name or f"Column {position}" for position, name in enumerate(names, 1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InvalidInput(f"The header has this name more than once: {', '.join(twice)}.", hint="Give every column a name of its own.")
    return named
