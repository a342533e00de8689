"""A file that was uploaded, or the files in a ZIP archive of them, read one at a time and within bounds."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.contacts.files.bounds import MAX_COLUMNS, MAX_ROWS, MAX_VALUES
from core.contacts.files.unpacking import check_listing, check_packing
from core.errors import InvalidInput

csv.field_size_limit(1 << 30)
MAX_FILES = 20_000
MAX_BYTES = 1 << 30
_MAX_LISTING = 8 << 20
_MOST_PACKED = 200  # text packs to a tenth; what packs to less than this is made to fill a disk
_SMALL = 1 << 20
_HEADING = 1 << 16
_UNREADABLE = "One of these files can't be read."


@dataclass(frozen=True)
class Entry:
    """One file.

    Args:
        path: Its name, with its folder in the archive.
        data: What is in it.
    """

    path: str
    data: bytes

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return PurePosixPath(self.path).name

    @property
    def folder(self) -> str:
        """The folder it is in, "" for none."""
        return str(PurePosixPath(self.path).parent).removeprefix(".")


def entries(data: bytes, file_name: str) -> Iterator[Entry]:
    """Yield the CSV files in an archive, or the file itself if it is none.

    Raises:
        InvalidInput: If the archive can't be read, is encrypted, or unpacks to far more than it should.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):
        yield Entry(file_name, data)
        return
    try:
        check_listing(io.BytesIO(data), MAX_FILES, _MAX_LISTING)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            files = [info for info in archive.infolist() if not info.is_dir() and info.filename.lower().endswith(".csv")]
            _check(files, len(data))
            check_packing(files)
            for info in files:
                with archive.open(info) as file:
                    yield Entry(info.filename, file.read(info.file_size))  # never more at once than it claims, which was added up
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise InvalidInput("The archive can't be read.", hint="Download it again, or unpack it and import its files.") from error


def _check(files: list[zipfile.ZipInfo], whole: int) -> None:
    size = sum(info.file_size for info in files)
    packed = min(sum(info.compress_size for info in files), whole)  # each may claim what it likes, or what another one claims
    if len(files) > MAX_FILES or size > MAX_BYTES or (size > _SMALL and size > packed * _MOST_PACKED):
        raise InvalidInput("The archive unpacks to more than can be read at once.", hint="Unpack it and import its files one by one.")


def columns_of(data: bytes) -> list[str]:
    """Return the names in the first line of a CSV; a look at it, of whatever is none too.

    Raises:
        InvalidInput: If there are too many to work with.
    """
    return _heading(data[:_HEADING].decode("utf-8-sig", "replace"))[1]


def rows_of(data: bytes) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV in UTF-8 by column; what a row lacks is empty.

    Raises:
        InvalidInput: If its quotation marks don't match, it is in another encoding, or has too many rows and columns.
    """
    try:
        text = data.decode("utf-8-sig").lstrip("\r\n")
    except UnicodeDecodeError as error:
        raise InvalidInput(_UNREADABLE, hint="Download the export again and leave its files as they are.") from error
    separator, columns = _heading(text[:_HEADING])
    most = min(MAX_ROWS, MAX_VALUES // max(len(columns), 1))  # with many columns, a file of almost nothing becomes hours of work
    # Strictly: an open quotation mark would swallow the rows after it, and with them a no, which the import would then not know of.
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        next(reader, None)
        begins = reader.line_num + 1
        for number, values in enumerate(reader):
            if number >= most:
                raise InvalidInput(f"One of these files has more than {most:,} rows.", hint="Split it into smaller files.")
            begins = reader.line_num + 1
            if any(values):
                yield dict.fromkeys(columns, "") | dict(zip(columns, values, strict=False))
    except csv.Error as error:
        hint = f"The quotation marks of the row on line {begins} don’t match. Correct them, or download the export again."
        raise InvalidInput(_UNREADABLE, hint=hint) from error


def _heading(text: str) -> tuple[str, list[str]]:
    line = text.lstrip("\r\n").partition("\n")[0].strip().replace("\0", "")
    try:
        found = [(separator, next(csv.reader([line], delimiter=separator), [])) for separator in ",;\t"]
    except csv.Error:
        return ",", []
    separator, names = max(found, key=lambda one: len(one[1]))
    if len(names) > MAX_COLUMNS:
        message = f"One of these files has {len(names):,} columns."
        raise InvalidInput(message, hint=f"Leave out columns that you don’t need: at most {MAX_COLUMNS} can be read.")
    return separator, [name.strip() for name in names]
