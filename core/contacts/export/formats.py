"""The formats of an export, by what they are called; each writer yields pieces of the file while the people are still being read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

from core.contacts.export.columns import ExportColumn
from core.contacts.export.csv_file import csv_pieces
from core.contacts.export.parquet_file import parquet_pieces
from core.contacts.export.xlsx_file import MAX_CELLS, MAX_ROWS, xlsx_pieces
from core.errors import InvalidInput

Writer = Callable[[Sequence[ExportColumn], Iterable[pl.DataFrame]], Iterator[bytes]]
_INSTEAD = "Choose CSV or Parquet, fewer columns, a list or a segment."


class ExportFormat(StrEnum):
    """How people are written."""

    CSV = "csv"
    PARQUET = "parquet"
    XLSX = "xlsx"


@dataclass(frozen=True)
class _Format:
    media_type: str
    write: Writer


_FORMATS = {
    ExportFormat.CSV: _Format("text/csv; charset=utf-8", csv_pieces),
    ExportFormat.PARQUET: _Format("application/vnd.apache.parquet", parquet_pieces),
    ExportFormat.XLSX: _Format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_pieces),
}


def media_type(format: ExportFormat) -> str:
    """Return what a format is called on the way."""
    return _FORMATS[format].media_type


def pieces(format: ExportFormat, columns: Sequence[ExportColumn], frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield a file in pieces; what is held is one frame of people, or a row group of them."""
    return _FORMATS[format].write(columns, frames)


def check_room(format: ExportFormat, people: int, columns: int) -> None:
    """Do nothing if a file of this format can hold so many people.

    Raises:
        InvalidInput: If not: Excel cuts off what is beyond its limit without saying so.
    """
    if format is not ExportFormat.XLSX:
        return
    if people >= MAX_ROWS:
        raise InvalidInput(f"Excel opens at most {MAX_ROWS:,} rows, and these are {people:,} people and a heading.", hint=_INSTEAD)
    if people * columns > MAX_CELLS:
        raise InvalidInput(f"{people:,} people with {columns} columns are more than Excel can open in one file.", hint=_INSTEAD)
