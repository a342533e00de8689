"""Staging an upload: whatever its format, it becomes one Parquet file of text in a private folder."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from core.contacts.imports.files.bounds import GROUP_ROWS, MAX_BYTES
from core.contacts.imports.files.columnar import read_parquet
from core.contacts.imports.files.encodings import Encoding, as_utf8
from core.contacts.imports.files.folders import private_folder
from core.contacts.imports.files.headers import read_header
from core.contacts.imports.files.splitting import rows_of
from core.contacts.imports.files.tables import Broken, Table, column_names, keys
from core.contacts.imports.files.unpacking import is_workbook, is_zip, unpacked
from core.contacts.imports.files.workbooks import read_workbook
from core.contacts.imports.staged import Staged
from core.errors import InvalidInput, StorageFull

_STAGED = "staged.parquet"


def stage(source: Path | bytes, file_name: str, encoding: Encoding | None, folder: Path, *, may_be_empty: bool = False) -> Staged:
    """Stage what somebody uploaded: CSV, TSV, other separated text, XLSX or Parquet, also as `.gz` or `.zip`.

    What it is shows in the bytes; the name only helps to say what is wrong.

    Args:
        source: The file, or its bytes.
        file_name: What it is called.
        encoding: How a text file is to be read; None finds out.
        folder: A private folder for this upload alone; the caller removes it.
        may_be_empty: Whether a header without rows is a file as well.

    Raises:
        InvalidInput: If it can't be read; says what to do.
        StorageFull: If there is no room for it.
    """
    try:
        staged = _staged(source, file_name, encoding, folder)
    except OSError as error:
        raise StorageFull("There is no room to read the file.", hint="Free some disk space and try again.") from error
    if not staged.total and not may_be_empty:
        raise InvalidInput("The file has a header but no rows.", hint="Add a row for each contact.")
    return staged


def heading(path: Path, folder: Path) -> list[str]:
    """Return the names in the header of a text file as they stand there, whether or not they can be used.

    Args:
        path: The file.
        folder: A private folder for it.

    Raises:
        InvalidInput: If there is none.
    """
    return [" ".join(name.replace("\0", "").split()) for name in read_header(as_utf8(path, None, folder)).names]


def laid_out(data: bytes, encoding: Encoding | None, uploads: Path) -> Staged:
    """Return a small file in memory, for callers who have its bytes.

    Args:
        data: The file.
        encoding: How a text file is to be read; None finds out.
        uploads: Where a folder can be made for it meanwhile.

    Raises:
        InvalidInput: If it can't be read; says what to do.
        StorageFull: If there is no room for it.
    """
    with private_folder(uploads) as folder:
        staged = stage(data, "", encoding, folder)
        return replace(staged, path=None, frame=pl.read_parquet(folder / _STAGED))


def _staged(source: Path | bytes, file_name: str, encoding: Encoding | None, folder: Path) -> Staged:
    if isinstance(source, bytes):
        (folder / "upload").write_bytes(source)
        source = folder / "upload"
    if not source.stat().st_size:
        raise InvalidInput("The file is empty.", hint="Choose a file with a header and a row for each contact.")
    path = unpacked(source, folder)
    table, found = _table(path, file_name, encoding, folder)
    target = folder / _STAGED
    rows = written(table, target)
    return Staged(table.columns, target, rows, table.broken, encoding=found, notes=tuple(table.notes))


def _table(path: Path, file_name: str, encoding: Encoding | None, folder: Path) -> tuple[Table, Encoding | None]:
    with path.open("rb") as file:
        begin = file.read(8)
    if path.stat().st_size > MAX_BYTES:
        raise InvalidInput(f"The file is larger than {MAX_BYTES >> 30} GB.", hint="Split it into smaller files.")
    if begin.startswith(b"PAR1"):
        return read_parquet(path), None
    if begin.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput("This is an old workbook (.xls), or one with a password.", hint="Save it as .xlsx without a password.")
    if is_zip(path) and is_workbook(path):
        return read_workbook(path, folder), None
    kind = file_name.lower().rpartition(".")[2]
    if kind in {"xlsx", "parquet"}:
        message = f"The file is called .{kind}, but it is none."
        raise InvalidInput(message, hint=f"Save it again as .{kind}, or rename it to .csv if it is text.")
    text = as_utf8(path, encoding, folder)
    header = read_header(text)
    columns, broken = column_names(header.names), list[Broken]()
    notes = [text.note] if text.note else []
    return Table(columns, rows_of(text.path, header, len(columns), broken), broken, notes), text.encoding


def written(table: Table, target: Path) -> int:
    """Write a table's rows as Parquet while they are read; return how many there are.

    Raises:
        InvalidInput: If they can't be read; says what to do.
        OSError: If there is no room for them.
    """
    counter = _Counter(table)
    schema = {"line": pl.Int64, "surplus": pl.Boolean, **dict.fromkeys(keys(len(table.columns)), pl.String)}
    lazy = register_io_source(counter.give, schema=schema)
    try:
        lazy.sink_parquet(target, compression="zstd", compression_level=1, row_group_size=GROUP_ROWS)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise counter.failed or _as_os_error(error) from error
    if counter.failed:
        raise counter.failed
    return counter.rows


class _Counter:
    """Hands frames to the writer, which would report an error of ours as one of its own."""

    def __init__(self, table: Table) -> None:
        self._frames = table.frames
        self.rows = 0
        self.failed: Exception | None = None

    def give(
        self, with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield the frames; the writer asks for all of everything."""
        try:
            for frame in self._frames:
                self.rows += frame.height
                yield frame if with_columns is None else frame.select(with_columns)
        except Exception as error:
            self.failed = error
            raise


def _as_os_error(error: Exception) -> Exception:
    is_full = any(words in str(error) for words in ("No space left", "File too large", "quota"))
    return OSError(errno.ENOSPC, "no room") if is_full else error
