"""Parquet files made by hand, so that tests can make the ones no program would write."""

from __future__ import annotations

import struct
from collections.abc import Sequence

_INT, _LONG, _BINARY, _LIST, _STRUCT = 5, 6, 8, 9, 12
BYTE_ARRAY, FIXED = 6, 7
PLAIN, DELTA_LENGTHS, DELTA_TEXTS = 0, 6, 7
Field = tuple[int, bytes]


def varint(value: int) -> bytes:
    value = (value << 1) ^ (value >> 63)  # small numbers are short, whatever their sign
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def number(value: int, kind: int = _INT) -> Field:
    return kind, varint(value)


def large(value: int) -> Field:
    return number(value, _LONG)


def text(value: str) -> Field:
    return _BINARY, bytes([len(value)]) + value.encode()


def fields(**named: Field) -> Field:
    """Return a struct; its fields are called f1, f2 and so on, in order."""
    out, last = b"", 0
    for name, (kind, data) in named.items():
        at = int(name[1:])
        out += bytes([(at - last) << 4 | kind]) + data
        last = at
    return _STRUCT, out + b"\0"


def several(items: Sequence[Field]) -> Field:
    head = [len(items) << 4 | items[0][0]] if len(items) < 15 else [15 << 4 | items[0][0], len(items) & 127 | 128, len(items) >> 7]
    return _LIST, bytes(head) + b"".join(data for _, data in items)


def page(data: bytes, *, size: int | None = None, values: int = 1, encoding: int = PLAIN) -> bytes:
    """Return a page of data that claims what it is told to."""
    about = fields(f1=number(values), f2=number(encoding), f3=number(3), f4=number(3))
    claimed = len(data) if size is None else size
    return fields(f1=number(0), f2=number(claimed), f3=number(len(data)), f5=about)[1] + data


def file(*columns: bytes, kind: int = BYTE_ARRAY, length: int = 0, repeated: bool = False, rows: int = 1, values: int = 1) -> bytes:
    """Return a file of columns, each given as its pages, whose table of contents says that they are small."""
    names = [f"c{position}" for position in range(len(columns))]
    wide = {"f2": number(length)} if length else {}
    ending = {} if length else {"f6": number(0)}
    schema = [fields(f4=text("schema"), f5=number(len(columns)))]
    for name in names:
        schema.append(fields(f1=number(kind), **wide, f3=number(2 if repeated else 0), f4=text(name), **ending))
    at, chunks = 4, []
    for name, data in zip(names, columns, strict=True):
        sizes = {"f5": large(values), "f6": large(100), "f7": large(len(data)), "f9": large(at)}
        told = fields(f1=number(kind), f2=several([number(0)]), f3=several([text(name)]), f4=number(0), **sizes)
        chunks.append(fields(f2=large(at), f3=told))
        at += len(data)
    group = fields(f1=several(chunks), f2=large(100), f3=large(rows))
    footer = fields(f1=number(1), f2=several(schema), f3=large(rows), f4=several([group]))[1]
    return b"PAR1" + b"".join(columns) + footer + struct.pack("<I", len(footer)) + b"PAR1"
