"""The values of a whole column at once: which texts fit a kind, and what each becomes in the JSON of a contact's attributes."""

from __future__ import annotations

import json
from collections.abc import Mapping

import orjson
import polars as pl

from core.contacts.attributes import AttributeType, from_text
from core.contacts.imports.column_types import fits as fits_type
from core.contacts.imports.kinds import ColumnType, DateFormat, Kind, date_shape, reader

# A number that is written as Python's JSON writes it; others are read and written again.
_PLAIN_NUMBER = r"^-?(?:0|[1-9][0-9]{0,14}|0\.0|0\.0{0,3}[1-9](?:[0-9]{0,9}[1-9])?|[1-9][0-9]{0,6}\.(?:0|[0-9]{0,6}[1-9]))$"
_NEEDS_ESCAPE = r'[\\"\x00-\x1f]'
_ESCAPES = {chr(code): orjson.dumps(chr(code)).decode()[1:-1] for code in (*range(32), 34, 92)}


def fits(text: pl.Expr, kind: Kind) -> pl.Expr:
    """Return whether each text is empty or means a value of this kind."""
    if kind.type is ColumnType.DATE and kind.format not in {None, DateFormat.ISO}:
        return (text == "") | as_day(text, kind.format or DateFormat.ISO).is_not_null()
    if reader(kind) is not None:
        return (text == "") | text.map_batches(lambda texts: named(texts, kind).is_not_null(), return_dtype=pl.Boolean)
    return fits_type(text, kind.attribute)


def as_day(text: pl.Expr, written: DateFormat) -> pl.Expr:
    """Return the day each text names, as YYYY-MM-DD; null for what is none, or is written otherwise."""
    shape, order = date_shape(written)
    parts = {name: text.str.extract(f"^{shape}$", order.index(name) + 1) for name in "ymd"}
    joined = pl.concat_str(parts["y"], parts["m"].str.zfill(2), parts["d"].str.zfill(2), separator="-")
    is_day = joined.str.to_date("%Y-%m-%d", strict=False).is_not_null() & ~joined.str.starts_with("0000")
    return pl.when(is_day).then(joined)


def named(texts: pl.Series, kind: Kind) -> pl.Series:
    """Return the one spelling of each name of a country, language or time zone; null for what is none."""
    read = reader(kind)
    assert read is not None
    distinct = texts.unique().to_list()
    return texts.replace_strict(distinct, [read(text) for text in distinct], return_dtype=pl.String)


def as_json(frame: pl.DataFrame, kinds: Mapping[str, Kind], height: int) -> pl.Series:
    """Return per row the JSON object of its values that are not empty.

    It is written as PostgreSQL shows an object it keeps: the shorter names first, then by letters. So two texts are the same on
    both databases where the values are.

    Args:
        frame: Text that `fits`, a column per name.
        kinds: What each column holds, by its name in the frame, which is the name of the value.
        height: How many rows there are, also where no column is.
    """
    if not kinds:
        return pl.repeat("{}", height, dtype=pl.String, eager=True)
    in_order = sorted(kinds, key=lambda name: (len(name.encode()), name.encode()))
    escaped = frame.select(pl.col(in_order).str.contains(_NEEDS_ESCAPE).any()).row(0, named=True)
    pieces = []
    for name in in_order:
        value = _literal(pl.col(name), kinds[name], bool(escaped[name]))
        piece = pl.concat_str(pl.lit(f", {json.dumps(name)}: "), value)
        pieces.append(pl.when(pl.col(name) == "").then(pl.lit("")).otherwise(piece))
    inner = pl.concat_str(pieces).str.slice(2)
    return frame.select(pl.concat_str(pl.lit("{"), inner, pl.lit("}"))).to_series()


def _literal(text: pl.Expr, kind: Kind, needs_escape: bool) -> pl.Expr:
    if kind.attribute is AttributeType.NUMBER:
        return text.map_batches(_numbers, return_dtype=pl.String)
    if kind.attribute is AttributeType.BOOLEAN:
        return pl.when(text.str.to_lowercase().is_in(["true", "yes", "1"])).then(pl.lit("true")).otherwise(pl.lit("false"))
    if kind.type is ColumnType.DATE:
        text = as_day(text, kind.format or DateFormat.ISO) if kind.format not in {None, DateFormat.ISO} else text
    elif reader(kind) is not None:
        text = text.map_batches(lambda texts: named(texts, kind), return_dtype=pl.String)
    elif needs_escape:
        text = text.str.replace_many(_ESCAPES)
    return pl.concat_str(pl.lit('"'), text, pl.lit('"'))


def _numbers(texts: pl.Series) -> pl.Series:
    """Return each number as JSON writes it; empty texts stay."""
    others = (~(texts.str.contains(_PLAIN_NUMBER) | (texts == "")) | (texts == "-0")).arg_true()
    if others.is_empty():
        return texts
    written = [json.dumps(from_text(text, AttributeType.NUMBER)) for text in texts.gather(others)]
    return texts.clone().scatter(others, pl.Series(written, dtype=pl.String))
