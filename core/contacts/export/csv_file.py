"""People as CSV that no spreadsheet runs: UTF-8, commas, a heading, lines ending in CR LF (RFC 4180).

Where a comma is the decimal mark (German, French, …), a spreadsheet that opens the file without asking takes semicolons to part the
cells: what stands behind a semicolon within a value may become a cell of its own, and a formula there is not seen here. Changing such
values would change what comes back in an import; the Excel format has no such doubt and is what the dialog recommends.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

import polars as pl

from core.contacts.export.columns import ExportColumn, Kind
from core.formulas import RUNS, unformula


def csv_pieces(columns: Sequence[ExportColumn], frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield the heading, then the lines of each frame."""
    heading = io.StringIO()
    csv.writer(heading, lineterminator="\r\n").writerow(unformula(column.heading) for column in columns)
    yield heading.getvalue().encode()
    for frame in frames:
        yield harmless(frame, columns).write_csv(None, include_header=False, line_terminator="\r\n").encode()


def harmless(frame: pl.DataFrame, columns: Sequence[ExportColumn]) -> pl.DataFrame:
    """Return a frame whose texts no spreadsheet runs, as `unformula` does it; a number is no formula, not even a negative one."""
    texts = [column.heading for column in columns if column.kind is Kind.TEXT]
    return frame.with_columns(pl.col(texts).str.replace(f"^({RUNS})", "'${1}"))
