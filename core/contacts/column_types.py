"""What a column of text holds: numbers, booleans, dates or text; the whole column decides."""

from __future__ import annotations

import polars as pl

from core.contacts.attributes import AttributeType, Value, from_text

_IN_ORDER = (AttributeType.BOOLEAN, AttributeType.NUMBER, AttributeType.DATE)
# For a new attribute: 0 and 1 are numbers, and what begins with 0 or + (zip codes, phone numbers) is text.
_SHAPES = {
    AttributeType.BOOLEAN: r"(?i)^(true|false|yes|no)$",
    AttributeType.NUMBER: r"^-?(0|[1-9][0-9]{0,14})(\.[0-9]{1,15})?$",
    AttributeType.DATE: r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
}
# For an attribute whose type is settled: every spelling that has this meaning.
_WIDER_SHAPES = _SHAPES | {
    AttributeType.BOOLEAN: r"(?i)^(true|false|yes|no|1|0)$",
    AttributeType.NUMBER: r"^[+-]?[0-9]{1,15}(\.[0-9]{1,15})?$",
}


def decide(column: pl.Series) -> AttributeType | None:
    """Return the type that fits every value of a column of text, or None if there is none at all; empty text is no value."""
    values = column.filter(column != "").alias("value").to_frame()
    if values.is_empty():
        return None
    for kind in _IN_ORDER:
        if values.select(_is_shaped(pl.col("value"), _SHAPES[kind], kind).all()).item():
            return kind
    return AttributeType.TEXT


def fits(column: pl.Expr, kind: AttributeType) -> pl.Expr:
    """Return whether each text is empty or means a value of this type."""
    if kind is AttributeType.TEXT:
        return pl.lit(True)
    return (column == "") | _is_shaped(column, _WIDER_SHAPES[kind], kind)


def as_values(column: pl.Series, kind: AttributeType) -> list[Value | None]:
    """Return a column of text that `fits` as values; empty text is None."""
    if kind is AttributeType.TEXT:
        return [text or None for text in column]
    return [from_text(text, kind) if text else None for text in column]


def _is_shaped(column: pl.Expr, shape: str, kind: AttributeType) -> pl.Expr:
    shaped = column.str.contains(shape)
    if kind is not AttributeType.DATE:
        return shaped
    is_day = column.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return shaped & is_day & ~column.str.starts_with("0000")  # Python's calendar begins with the year 1
