"""Reading a Parquet file, some rows at a time: each value as the text a CSV would have."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.contacts.imports.files.bounds import (
    GROUP_ROWS,
    GROUP_TEXT,
    MAX_BYTES,
    MAX_DECODED,
    MAX_ROWS,
    MAX_VALUES,
    PIECE_CELLS,
    PIECE_ROWS,
    PIECE_TEXT,
)
from core.contacts.imports.files.room import way_to_read
from core.contacts.imports.files.tables import Table, column_names, framed, keys
from core.errors import InvalidInput
from core.formulas import RUNS

_BUFFER = 1 << 16  # of each column; without it, all bytes of a group of rows would be in memory together
_WRITE_AGAIN = "Write the file again, with one plain value per column and row."


def read_parquet(path: Path) -> Table:
    """Return a Parquet file as text; lists of plain values become values separated by commas.

    Raises:
        InvalidInput: If it is damaged, too large, or holds tables within a column.
    """
    try:
        with pq.ParquetFile(path) as file:
            columns = _looked_over(file)
            way = way_to_read(path, file)
        return Table(columns, _frames(pq.ParquetFile(path, read_dictionary=way.by_number, buffer_size=_BUFFER), columns, way.at_once))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _damaged() from error


def _looked_over(file: pq.ParquetFile) -> list[str]:
    """Return the names of the columns of a file that has no more of anything than it may, as far as its table of contents says."""
    names, rows = file.schema_arrow.names, file.metadata.num_rows
    size = sum(file.metadata.row_group(group).total_byte_size for group in range(file.metadata.num_row_groups))
    if rows > MAX_ROWS or size > MAX_BYTES:
        raise InvalidInput(f"The file has more than {MAX_ROWS:,} rows or {MAX_BYTES >> 30} GB.", hint="Split it into smaller files.")
    columns = column_names(names)
    if len(columns) < len(names):
        raise InvalidInput("The last columns have no name.", hint="Give every column a name of its own.")
    for field, column in zip(file.schema_arrow, columns, strict=True):  # a table in a column may have any number of its own
        if pa.types.is_nested(_within(field.type)):
            raise InvalidInput(f"The column “{column}” holds tables, not values.", hint=_WRITE_AGAIN)
    if rows * len(columns) > MAX_VALUES:
        raise InvalidInput(f"The file has {rows:,} rows and {len(columns):,} columns.", hint="Split it, or use fewer columns.")
    return columns


def _frames(file: pq.ParquetFile, columns: list[str], most: int) -> Iterator[pl.DataFrame]:
    line, at_once, held = 1, max(1, min(PIECE_ROWS, PIECE_CELLS // len(columns), most)), _Held()
    with file:
        for group in range(file.metadata.num_row_groups):  # lists named by number can't be read across two groups
            for batch in _batches(file.iter_batches(at_once, row_groups=[group]), held):
                texts = _texts(batch, columns)
                yield framed(texts.with_row_index("line", offset=line), len(columns))
                line += texts.height


class _Held:
    """How much text the rows become: those that are staged as one group, which is held together, and all of them."""

    def __init__(self) -> None:
        self._rows = self._size = self._whole = 0

    def add(self, rows: int, size: int) -> None:
        """Count some more rows.

        Raises:
            InvalidInput: If they are far more text than a table of people has.
        """
        if self._rows + rows > GROUP_ROWS:
            self._rows = self._size = 0
        self._rows, self._size, self._whole = self._rows + rows, self._size + size, self._whole + size
        if self._size > GROUP_TEXT:
            raise _too_long(f"{self._rows:,} rows of the file become", GROUP_TEXT)
        if self._whole > MAX_DECODED:
            raise _too_long("The file becomes", MAX_DECODED)


def _batches(found: Iterator[pa.RecordBatch], held: _Held) -> Iterator[pa.RecordBatch]:
    """Yield rows, so few at a time that their texts have room once each row has its own."""
    try:
        for batch in found:
            held.add(batch.num_rows, sum(map(_text_size, batch.columns)))
            yield from _halved(batch)
    except (pa.ArrowException, OSError) as error:
        raise _damaged() from error


def _halved(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if sum(map(_text_size, batch.columns)) <= PIECE_TEXT:
        yield batch
    elif batch.num_rows == 1:
        raise _too_long("A single row of the file becomes", PIECE_TEXT)
    else:
        half = batch.num_rows // 2
        yield from _halved(batch.slice(0, half))
        yield from _halved(batch.slice(half))


def _texts(batch: pa.RecordBatch, columns: list[str]) -> pl.DataFrame:
    """Return the rows with a text wherever one is named."""
    try:
        decoded = [values.cast(_plain(values.type)) for values in batch.columns]
        frame = pl.DataFrame(pa.Table.from_arrays(decoded, batch.schema.names).rename_columns(keys(len(columns))))
        return frame.select(as_text(frame[key], column) for key, column in zip(frame.columns, columns, strict=True))
    except (pa.ArrowException, OSError, pl.exceptions.PolarsError) as error:
        raise _damaged() from error


def _text_size(values: pa.Array) -> int:
    while _is_list(values.type):
        values = values.flatten()
    if not pa.types.is_dictionary(values.type):
        has_length = pa.types.is_string(values.type) or pa.types.is_binary(values.type)
        return int(pc.sum(pc.binary_length(values)).as_py() or 0) if has_length else 0
    lengths = pc.cast(pc.binary_length(values.dictionary), pa.int64())
    return int(pc.sum(lengths.take(values.indices)).as_py() or 0)


def _plain(kind: pa.DataType) -> pa.DataType:
    if _is_list(kind):
        return pa.large_list(_plain(kind.value_type))
    if pa.types.is_dictionary(kind):
        return pa.large_string() if kind.value_type in {pa.string(), pa.large_string()} else kind.value_type
    return kind


def _within(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if _is_list(kind) else kind


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def as_text(values: pl.Series, column: str) -> pl.Series:
    """Return a column as text; what is missing is empty.

    Raises:
        InvalidInput: If its values are no plain values.
    """
    return _text(values, column).fill_null("").alias(values.name)


def _text(values: pl.Series, column: str) -> pl.Series:
    kind = values.dtype
    if kind == pl.String:  # an import takes the apostrophe of a CSV off: what came without one has to go in with it
        return values.str.replace(f"^({RUNS})", "'${1}")
    if isinstance(kind, pl.Datetime):
        whole = values.dt.strftime("%Y-%m-%d %H:%M:%S")
        midnight = whole.str.ends_with(" 00:00:00")
        return whole if not midnight.fill_null(True).all() else values.dt.strftime("%Y-%m-%d")
    if kind.is_float():
        whole = (values == values.floor()) & (values.abs() < 1e15)
        return values.cast(pl.Int64, strict=False).cast(pl.String).zip_with(whole.fill_null(False), values.cast(pl.String))
    if isinstance(kind, pl.List | pl.Array) and not kind.inner.is_nested():
        parts = values.explode() if isinstance(kind, pl.List) else values.cast(pl.List(kind.inner)).explode()
        _text(parts, column)
        return values.cast(pl.List(pl.String)).list.join(", ", ignore_nulls=True)
    if kind.is_nested() or isinstance(kind, pl.Object):
        raise InvalidInput(f"The column “{column}” holds tables, not values.", hint=_WRITE_AGAIN)
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(f"The column “{column}” holds bytes, not text.", hint=_WRITE_AGAIN) from error


def _damaged() -> InvalidInput:
    return InvalidInput("This Parquet file is damaged.", hint="Write the file again and try once more.")


def _too_long(what: str, most: int) -> InvalidInput:
    return InvalidInput(f"{what} more than {most >> 20:,} MB of text.", hint="Leave the columns with long texts out.")
