"""Telling the rows of a text file apart: each with the line it begins on, so that a bad row can be named and no good one is lost.

Polars reads the lines that are a row each, which it must be able to see from the line alone. A stray quotation mark (`5" nail`)
makes it merge rows or give up on the whole file, and of a value over several lines it can't say where it began. Those lines are
found by an expression first, read by the standard library's strict parser, and blanked for Polars, so that its count stays right.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import polars as pl

from core.contacts.imports.files.bounds import MAX_LINE, MAX_ROWS, MAX_VALUES, PIECE_BYTES, PIECE_CELLS
from core.contacts.imports.files.headers import Header
from core.contacts.imports.files.tables import Broken, framed, keys, note_broken, rows_framed
from core.errors import InvalidInput

# A quotation mark that is never closed would swallow the rest of the file: no honest value spans more lines than this.
_MAX_LINES_PER_ROW = 200
# Rows with more surplus values go to the slower parser, so that one odd line can't make a frame of a million columns.
_MAX_SURPLUS = 50


def rows_of(path: Path, header: Header, width: int, broken: list[Broken]) -> Iterator[pl.DataFrame]:
    """Yield the rows under a header, some at a time, as `framed` makes them.

    Args:
        path: A file of UTF-8 whose lines end in LF or CRLF.
        header: What stands above the rows.
        width: How many columns have a name.
        broken: Gets the lines that can't be told apart.

    Raises:
        InvalidInput: If a line is longer than any row can be, or there are too many.
    """
    _check_size(path, header.line, width)
    line, rest = header.line, b""
    for piece, last in _pieces(path, header.start, max(width, len(header.names))):
        splitter = _Splitter(header.separator, width, len(header.names), line, broken)
        frame, rest = splitter.split(rest + piece, last)
        yield frame
        line = splitter.line


def _check_size(path: Path, above: int, width: int) -> None:
    with path.open("rb") as file:
        lines = sum(block.count(b"\n") for block in iter(partial(file.read, 1 << 20), b"")) + 2 - above
    if lines > MAX_ROWS or lines * width > MAX_VALUES:
        raise InvalidInput(
            f"The file has {lines:,} lines and {width:,} columns.", hint="Split it into smaller files, or use fewer columns."
        )


def _pieces(path: Path, start: int, width: int) -> Iterator[tuple[bytes, bool]]:
    """Yield whole lines, some megabytes at a time, and whether they are the last."""
    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        while block := file.read(PIECE_BYTES):
            rest += block
            end = rest.rfind(b"\n") + 1
            yield from ((piece, False) for piece in _few_enough(rest[:end], width))
            rest = rest[end:]
            if len(rest) > MAX_LINE:
                message = f"A line is longer than {MAX_LINE >> 20} million characters."
                raise InvalidInput(message, hint="Check that the file is a table, and that its lines end.")
        yield rest, True


def _few_enough(piece: bytes, width: int) -> Iterator[bytes]:
    """Yield lines so that none of the frames made of them has too many values, even if all lines are blank."""
    middle = piece.find(b"\n", len(piece) // 2) + 1
    if piece.count(b"\n") * width <= PIECE_CELLS or middle in {0, len(piece)}:
        if piece:
            yield piece
        return
    yield from _few_enough(piece[:middle], width)
    yield from _few_enough(piece[middle:], width)


@dataclass
class _Splitter:
    """Splits one piece; `line` is the number of its first line, and then of the first after it."""

    separator: str
    width: int
    written: int
    line: int
    broken: list[Broken]
    numbers: list[int] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    def split(self, piece: bytes, last: bool) -> tuple[pl.DataFrame, bytes]:
        """Return the rows of a piece, and what at its end belongs to a row that goes on in the next."""
        odd, widest = self._looked_over(piece)
        rest = b""
        if odd:
            piece, rest = self._taken_out(piece, odd, last)
        frames = [self._read(piece, max(self.written, min(widest, self.width + _MAX_SURPLUS)))]
        self.line += piece.count(b"\n")
        if self.rows:
            frames = [pl.concat([*frames, rows_framed(self.numbers, self.rows, self.width)]).sort("line")]
        return frames[0], rest

    def _looked_over(self, piece: bytes) -> tuple[list[int], int]:
        """Return the positions of lines that Polars can't be given, and how many values the others have at most."""
        text, most = pl.col("line"), self.width + _MAX_SURPLUS
        separators = text.str.count_matches(self.separator, literal=True)
        odd = separators >= max(most, self.written)
        if b'"' in piece:
            value = rf'(?:"(?:[^"\r]|"")*"|[^"\{self.separator}]*)'
            odd = odd | ~text.str.contains(rf"^{value}(?:\{self.separator}{value})*\r?$")
        lines = pl.scan_lines(io.BytesIO(piece)).with_row_index().with_columns(odd=odd, separators=separators)
        seen = lines.select(
            pl.col("index").filter("odd").implode().alias("odd"), pl.col("separators").filter(~pl.col("odd")).max().alias("most")
        ).collect()
        return seen["odd"][0].to_list(), (seen["most"][0] or 0) + 1

    def _taken_out(self, piece: bytes, odd: Sequence[int], last: bool) -> tuple[bytes, bytes]:
        """Read the rows that begin on odd lines and blank them; return what is left, and what must wait for the next piece."""
        lines = piece.split(b"\n")
        following = 0
        for position in odd:
            if position < following:
                continue  # it belongs to the row before
            taken, values = self._record(lines, position)
            if not last and position + taken >= len(lines) - 1 and _may_go_on(rest := lines[position:]):
                return b"\n".join([*lines[:position], b""]), b"\n".join(rest)
            if values is None:  # what a stray mark ran into may be good rows
                taken = 1
                note_broken(self.broken, self.line + position, lines[position].decode().rstrip("\r"))
            else:
                self.numbers.append(self.line + position)
                self.rows.append(values)
            following = position + taken
            lines[position:following] = [b""] * taken
        return b"\n".join(lines), b""

    def _record(self, lines: Sequence[bytes], position: int) -> tuple[int, list[str] | None]:
        """Return how many lines were looked at for the row that begins here, and its values; None where its marks don't match."""
        feed = (line.decode() + "\n" for line in lines[position : position + _MAX_LINES_PER_ROW])
        reader = csv.reader(feed, delimiter=self.separator, strict=True)
        try:
            values = next(reader)
        except csv.Error:
            return reader.line_num, None
        return reader.line_num, values

    def _read(self, piece: bytes, width: int) -> pl.DataFrame:
        if not piece:
            return rows_framed([], [], self.width)
        texts = pl.read_csv(
            io.BytesIO(piece),
            has_header=False,
            separator=self.separator,
            quote_char='"' if b'"' in piece else None,
            schema=dict.fromkeys(keys(max(width, self.width)), pl.String),
            missing_columns="insert",
            infer_schema=False,
            empty_string_is_null=False,
            row_index_name="line",
            row_index_offset=self.line,
        )
        return framed(texts.with_columns(pl.col(pl.String).fill_null("")), self.width)


def _may_go_on(lines: Sequence[bytes]) -> bool:
    return len(lines) <= _MAX_LINES_PER_ROW and sum(map(len, lines)) < MAX_LINE
