"""The pages of a Parquet file, as each says of itself: what a reader makes room for, whatever the file's table of contents claims.

A page's header is a struct in Thrift's compact protocol (github.com/apache/parquet-format, parquet.thrift). Only the numbers that cost
memory are taken out of it, in the way the reader takes them: the last one of a kind counts, one of another type is passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_MOST_PAGES = 1_000_000
_HEADER, _LONGEST_HEADER = 1 << 12, 16 << 20
_DEEPEST = 16
# Types of the protocol; a field with no value of its own is a yes or a no.
_YES, _NO, _BYTE, _SHORT, _INT, _LONG, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_DATA, _DICTIONARY, _DATA_2 = 0, 2, 3

Fields = dict[tuple[int, int], "int | Fields"]


@dataclass(frozen=True)
class Page:
    """What a page says of itself.

    Args:
        size: Its bytes once they are unpacked.
        packed: Its bytes in the file.
        values: How many values are in it.
        encoding: How they are written, in the format's numbers.
        is_dictionary: Whether it holds the values that the others name by number.
    """

    size: int
    packed: int
    values: int
    encoding: int
    is_dictionary: bool


def pages(file: IO[bytes], start: int, length: int, values: int) -> Iterator[Page]:
    """Yield the pages of a column in a group of rows, as far as a reader reads them.

    Args:
        file: The file.
        start: Where the first page begins.
        length: How many bytes they have in it.
        values: How many values the column has there.

    Raises:
        ValueError: If there is no page where there should be one, or there are far too many.
    """
    end, seen, number = start + length, 0, 0
    while start < end and seen < values:
        header, begins = _header(file, start)
        page = _page(header)
        if page.size < 0 or page.packed < 0 or page.values < 0 or number > _MOST_PAGES:
            raise ValueError("no page")
        number += 1
        seen += 0 if page.is_dictionary else page.values
        start = begins + page.packed
        yield page


def _page(header: Fields) -> Page:
    kind = _number(header, 1)
    place, encoding = {_DATA: (5, 2), _DICTIONARY: (7, 2), _DATA_2: (8, 4)}.get(kind, (0, 0))
    about = header.get((place, _STRUCT), {})
    told: Fields = about if isinstance(about, dict) else {}
    return Page(_number(header, 2), _number(header, 3), _number(told, 1), _number(told, encoding), kind not in {_DATA, _DATA_2})


def _number(fields: Fields, name: int) -> int:
    value = fields.get((name, _INT), 0)
    return value if isinstance(value, int) else 0


def _header(file: IO[bytes], start: int) -> tuple[Fields, int]:
    """Return the header of the page at a place, and where its bytes begin."""
    length = _HEADER
    while True:
        file.seek(start)
        reader = _Compact(file.read(length))
        try:
            return reader.struct(0), start + reader.at
        except IndexError:
            if length >= _LONGEST_HEADER or len(reader.data) < length:
                raise ValueError("no page") from None
            length *= 8


class _Compact:
    """Reads Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self, depth: int) -> Fields:
        found: Fields = {}
        name = 0
        while (head := self._byte()) != 0:
            kind, step = head & 15, head >> 4
            name = _short(name + step if step else _unfolded(self._varint()))
            value = self._value(kind, depth)
            known = found.get((name, kind))
            found[name, kind] = known | value if isinstance(known, dict) and isinstance(value, dict) else value
        return found

    def _value(self, kind: int, depth: int) -> int | Fields:
        if kind in {_YES, _NO}:
            return 0
        if kind == _STRUCT and depth < _DEEPEST:
            return self.struct(depth + 1)
        if kind in {_SHORT, _INT, _LONG}:
            return _int(_unfolded(self._varint() & 0xFFFFFFFF))
        if kind in {_LIST, _SET} and depth < _DEEPEST:
            self._skip_list(depth)
            return 0
        self._skip({_BYTE: 1, _DOUBLE: 8}[kind] if kind in {_BYTE, _DOUBLE} else self._length(kind))
        return 0

    def _length(self, kind: int) -> int:
        if kind != _BINARY:  # a page's header has no maps
            raise ValueError("no page")
        return self._varint()

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        size = head >> 4 if head >> 4 != 15 else self._varint()
        if size > _LONGEST_HEADER:
            raise ValueError("no page")
        for _ in range(size):
            if head & 15 in {_YES, _NO}:
                self._skip(1)
            else:
                self._value(head & 15, depth + 1)

    def _skip(self, length: int) -> None:
        self.at += length
        if self.at > len(self.data):
            raise IndexError

    def _byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("no page")


def _unfolded(value: int) -> int:
    return (value >> 1) ^ -(value & 1)


def _int(value: int) -> int:
    return ((value + (1 << 31)) & 0xFFFFFFFF) - (1 << 31)


def _short(value: int) -> int:
    return ((value + (1 << 15)) & 0xFFFF) - (1 << 15)
