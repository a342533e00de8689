"""How much room a Parquet file takes while it is read, found out from its pages before any of them is unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow.parquet as pq

from core.contacts.imports.files.bounds import MAX_BYTES, MAX_CHUNKS, MAX_LISTED, MAX_PAGES, PIECE_WIDE
from core.contacts.imports.files.pages import Page, pages
from core.errors import InvalidInput

# Encodings in the format's numbers. Both hold the lengths of all values of a page at once, which may take next to nothing in the file.
_LENGTHS_APART, _SHARED_BEGINNINGS = 6, 7
_LENGTHS = 85
_LONGEST_FIXED = 64
_PLAIN = "Write the file again with ordinary settings, as pandas, Polars or DuckDB do."


@dataclass(frozen=True)
class Way:
    """How a file can be read.

    Args:
        at_once: How many rows together at most, because its values may be long; a large number where they are not.
        by_number: The columns whose texts can be read as they stand in it: each once, and named by its number.
    """

    at_once: int
    by_number: list[str]


def way_to_read(path: Path, file: pq.ParquetFile) -> Way:
    """Return how a file can be read within bounds.

    Args:
        path: The file.
        file: The same, opened.

    Raises:
        InvalidInput: If reading it would take too much memory.
        ValueError: If it is damaged.
    """
    groups, columns = file.metadata.num_row_groups, file.metadata.num_columns
    if groups * columns > MAX_CHUNKS:
        raise _too_much()
    parts = [_Part(file.schema.column(number)) for number in range(columns)]
    whole = 0
    with path.open("rb") as source:
        for group in range(groups):
            chunks = [file.metadata.row_group(group).column(number) for number in range(columns)]
            rooms = [part.measured(_pages(source, chunk)) for part, chunk in zip(parts, chunks, strict=True)]
            whole += sum(room.whole for room in rooms)
            if whole > MAX_BYTES or sum(room.held for room in rooms) > MAX_PAGES or sum(room.listed for room in rooms) > MAX_LISTED:
                raise _too_much()
    return Way(max(1, PIECE_WIDE // max(1, sum(part.widest for part in parts))), [part.path for part in parts if part.by_number])


@dataclass
class _Room:
    """What a column takes in one group of rows: of all its pages, of those that are held together, and how many values of lists."""

    whole: int = 0
    held: int = 0
    listed: int = 0


class _Part:
    """One column, and how long one of its values may be where each row gets its own."""

    def __init__(self, column: pq.ColumnSchema) -> None:
        if column.physical_type == "FIXED_LEN_BYTE_ARRAY" and column.length > _LONGEST_FIXED:
            raise InvalidInput(f"The column “{column.name}” holds bytes, not text.", hint=_PLAIN)
        self.path, self._is_list = column.path, column.max_repetition_level > 0
        self._is_bytes = column.physical_type == "BYTE_ARRAY"
        self._is_decimal, self._is_delta = column.logical_type.type == "DECIMAL", False
        self._dictionary = self._shared = 0

    @property
    def by_number(self) -> bool:
        """Whether its texts can be read by number, which the reader can't do of every kind."""
        return self._is_bytes and not self._is_decimal and not self._is_delta

    @property
    def widest(self) -> int:
        return 0 if self.by_number or not self._is_bytes else max(self._dictionary, self._shared)

    def measured(self, its_pages: Iterator[Page]) -> _Room:
        room, data, dictionary = _Room(), 0, 0
        for page in its_pages:
            room.whole += page.size
            if page.is_dictionary:
                dictionary = max(dictionary, page.size)
                continue
            room.listed += page.values * self._is_list
            is_delta = page.encoding in {_LENGTHS_APART, _SHARED_BEGINNINGS}
            data = max(data, page.size * (_LENGTHS if is_delta else 1) + page.packed)
            self._is_delta = self._is_delta or is_delta
            self._shared = max(self._shared, page.size * (page.encoding == _SHARED_BEGINNINGS))
        self._dictionary = max(self._dictionary, dictionary)
        room.held = data + 2 * dictionary
        if self._is_list and self.widest:
            raise InvalidInput(f"The column “{self.path}” holds lists that are written in an uncommon way.", hint=_PLAIN)
        return room


def _pages(source: IO[bytes], column: pq.ColumnChunkMetaData) -> Iterator[Page]:
    start = column.data_page_offset
    if column.has_dictionary_page and 0 < column.dictionary_page_offset < start:
        start = column.dictionary_page_offset
    return pages(source, start, column.total_compressed_size, column.num_values)


def _too_much() -> InvalidInput:
    return InvalidInput("Reading this Parquet file would take too much memory.", hint=_PLAIN)
