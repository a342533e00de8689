"""Telling the rows of a CSV apart: each with the line it begins on, so that a bad row can be named and no good one is lost.

Polars reads what has no quotation marks. Where there are some, a stray one (`5" nail`) makes Polars 2.1 merge rows or give up
on the whole file (measured), so those files are split by the standard library's strict parser, which is resumed after each fault.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

csv.field_size_limit(1 << 30)  # the module's own 128 KiB would refuse a line without saying that its field is too long
# A quotation mark that is never closed would swallow the rest of the file: no honest value spans more lines than this.
_MAX_LINES_PER_ROW = 200
# Beyond this many surplus values a row is split by the slower parser, so that one odd line can't make a frame of a million columns.
_MAX_SURPLUS = 50


@dataclass(frozen=True)
class Broken:
    """A line whose quotation marks don't match."""

    line: int
    text: str


def column_key(position: int) -> str:
    """Return the name under which a frame holds the column at this position, from 0."""
    return f"c{position}"


def rows_as_text(body: str, separator: str, width: int, first_line: int) -> tuple[pl.DataFrame, list[Broken]]:
    """Return the rows under a header as a frame of text, and the lines that can't be told apart.

    Args:
        body: Everything after the header, lines ending in LF.
        separator: What stands between values.
        width: How many columns the header has; values missing at a row's end are empty.
        first_line: The number of the body's first line in the file.

    Returns:
        A frame of `line`, `surplus` (whether there is more than the header has columns for) and one text column per position;
        blank rows are left out.
    """
    widest = max((line.count(separator) for line in body.split("\n")), default=0) + 1
    broken: list[Broken] = []
    if not body:
        texts = _frame([], [], width)
    elif '"' in body or widest > width + _MAX_SURPLUS:
        texts, broken = _split(body, separator, width, first_line)
    else:
        texts = _read(body, separator, max(width, widest), first_line)
    return _without_blank(texts, width), broken


def _without_blank(texts: pl.DataFrame, width: int) -> pl.DataFrame:
    keys = [column_key(position) for position in range(width)]
    unnamed = [name for name in texts.columns if name not in {"line", *keys}]
    surplus = pl.any_horizontal(pl.col(name) != "" for name in unnamed) if unnamed else pl.lit(False)
    framed = texts.select("line", surplus.alias("surplus"), *keys)
    return framed.filter(pl.any_horizontal("surplus", *(pl.col(key).str.strip_chars() != "" for key in keys)))


def _read(body: str, separator: str, width: int, first_line: int) -> pl.DataFrame:
    return pl.read_csv(
        io.BytesIO(body.encode()),
        has_header=False,
        separator=separator,
        quote_char=None,
        schema={column_key(position): pl.String for position in range(width)},
        missing_columns="insert",
        infer_schema=False,
        empty_string_is_null=False,
        row_index_name="line",
        row_index_offset=first_line,
    ).with_columns(pl.col("line").cast(pl.Int64), pl.col(pl.String).fill_null(""))


def _split(body: str, separator: str, width: int, first_line: int) -> tuple[pl.DataFrame, list[Broken]]:
    lines = body.split("\n")
    numbers: list[int] = []
    rows: list[list[str]] = []
    broken: list[Broken] = []
    for index, values in _records(lines, separator):
        if values is None:
            broken.append(Broken(first_line + index, lines[index]))
        elif values:
            numbers.append(first_line + index)
            rows.append(values)
    return _frame(numbers, rows, width), broken


def _frame(numbers: list[int], rows: Sequence[list[str]], width: int) -> pl.DataFrame:
    """Return rows as a frame with one column more than the header has, for what is too much."""
    even = [[*values[:width], *[""] * (width - len(values)), "".join(values[width:])] for values in rows]
    columns = list(zip(*even, strict=True)) or [()] * (width + 1)
    texts = {column_key(position): pl.Series(values, dtype=pl.String) for position, values in enumerate(columns)}
    return pl.DataFrame({"line": pl.Series(numbers, dtype=pl.Int64), **texts})


def _records(lines: list[str], separator: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield each row with the index of its first line; None where its quotation marks don't match."""
    start = 0
    while start < len(lines):
        feed = _Feed(lines, start)
        try:
            for values in csv.reader(feed, delimiter=separator, strict=True):
                yield start, values
                start = feed.next_row()
        except csv.Error:
            yield start, None
            start += 1  # what the stray mark ran into may be good rows


class _Feed(Iterator[str]):
    """Hands lines to the parser, ending early where one row takes too many."""

    def __init__(self, lines: list[str], start: int) -> None:
        self._lines, self._position = lines, start
        self._end = start + _MAX_LINES_PER_ROW

    def __next__(self) -> str:
        if self._position >= min(self._end, len(self._lines)):
            raise StopIteration
        self._position += 1
        return self._lines[self._position - 1] + "\n"

    def next_row(self) -> int:
        """Note that a row has ended and return where the next one begins."""
        self._end = self._position + _MAX_LINES_PER_ROW
        return self._position
