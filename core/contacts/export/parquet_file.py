"""People as Parquet: typed columns, values as they are (nothing runs them), one row group per some ten thousand people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from core.contacts.export.columns import ExportColumn, Kind
from core.contacts.export.sink import Sink

_GROUP = 50_000
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.NUMBER: pa.float64(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
}


def parquet_pieces(columns: Sequence[ExportColumn], frames: Iterable[pl.DataFrame]) -> Iterator[bytes]:
    """Yield the file's mark, then a row group at a time, then its directory."""
    schema = pa.schema([(column.heading, _TYPES[column.kind]) for column in columns])
    sink, waiting, rows = Sink(), [], 0
    with closing(pq.ParquetWriter(sink, schema, compression="zstd")) as file:
        yield sink.taken()
        for frame in frames:
            waiting.append(frame)
            rows += frame.height
            if rows >= _GROUP:
                file.write_table(_typed(waiting, columns, schema))
                waiting, rows = [], 0
                yield sink.taken()
        if waiting:
            file.write_table(_typed(waiting, columns, schema))
    yield sink.taken()


def _typed(frames: Sequence[pl.DataFrame], columns: Sequence[ExportColumn], schema: pa.Schema) -> pa.Table:
    values = [_as(column.kind, pl.col(column.heading)) for column in columns]
    return pl.concat(frames).select(values).to_arrow().cast(schema)


def _as(kind: Kind, text: pl.Expr) -> pl.Expr:
    if kind is Kind.NUMBER:
        return text.cast(pl.Float64, strict=False)
    if kind is Kind.BOOLEAN:
        return text == "true"
    if kind is Kind.DATE:
        return text.str.to_date("%Y-%m-%d", strict=False)
    if kind is Kind.TIME:
        return text.str.to_datetime("%+", time_unit="us", time_zone="UTC")
    return text
