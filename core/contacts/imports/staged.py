"""A file laid out for an import: text in columns, read a slice at a time, so that its size does not decide how much memory it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from core.contacts.imports.files.encodings import Encoding
from core.contacts.imports.files.tables import Broken, column_key
from core.errors import StorageFull

SLICE = 20_000
_FULL = "The file could not be kept."


@dataclass(frozen=True)
class Staged:
    """A file as rows of text: `line`, `surplus`, then `c0` to `cN`, as Parquet or, for small ones, in memory.

    Args:
        columns: The names in the header, in order.
        path: The Parquet file, or None.
        rows: How many rows there are.
        broken: Lines that could not be told apart into values.
        frame: The rows, where they are in memory.
        encoding: How a text file was read; None for a workbook or Parquet.
        notes: What a person should know about how it was read: an encoding that was assumed, which sheet.
    """

    columns: list[str]
    path: Path | None
    rows: int
    broken: list[Broken] = field(default_factory=list)
    frame: pl.DataFrame | None = None
    encoding: Encoding | None = None
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """How many rows the file has, with those that can't be told apart."""
        return self.rows + len(self.broken)

    def key(self, column: str) -> str:
        """Return the name under which the rows hold a column."""
        return column_key(self.columns.index(column))

    def slices(self, keys: Sequence[str] | None = None, size: int = SLICE) -> Iterator[pl.DataFrame]:
        """Yield the rows in order, some at a time.

        Args:
            keys: The columns wanted, by their names in the rows; None for all.
            size: How many rows at most.
        """
        if self.frame is not None:
            yield from (self.frame.select(keys) if keys else self.frame).iter_slices(size)
            return
        if self.path is not None:
            with pq.ParquetFile(self.path) as file:
                for batch in file.iter_batches(size, columns=list(keys) if keys else None):
                    frame = pl.from_arrow(batch)
                    assert isinstance(frame, pl.DataFrame)
                    yield frame.select(keys) if keys else frame

    def head(self, rows: int) -> pl.DataFrame:
        """Return the first rows."""
        return next(self.slices(size=rows), pl.DataFrame(schema=dict.fromkeys(map(self.key, self.columns), pl.String))).head(rows)


def kept(staged: Staged, path: Path) -> Staged:
    """Return the file laid out on the disk, at this path, where other processes can read it.

    Raises:
        StorageFull: If the disk is full.
    """
    if staged.path is not None:
        staged.path.replace(path)
    elif staged.frame is not None:
        try:
            staged.frame.write_parquet(path, compression="zstd", compression_level=1, row_group_size=SLICE)
        except OSError as error:
            raise StorageFull(_FULL, hint="Free some disk space and try again.") from error
    return Staged(staged.columns, path, staged.rows, staged.broken)
