"""What a column of text holds: numbers, booleans, dates or text; the whole column decides."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from core.contacts.attributes import AttributeType

_FIRST = 1_000
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
    AttributeType.NUMBER: r"^[+-]?[0-9]{1,15}(\.[0-9]{1,400})?([eE]-[0-9]{1,3})?$",
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


class Deciding:
    """Decides what columns hold while they are read a slice at a time; one value that does not fit rules a type out.

    Args:
        names: The columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names
        self._left: dict[str, list[AttributeType]] = {name: list(_IN_ORDER) for name in names}
        self._seen: set[str] = set()

    def see(self, frame: pl.DataFrame) -> None:
        """Take some rows into account; text without white space around it, empty text is no value."""
        if self._open():  # a text column shows it in its first rows, and need not be asked three times for each of the others
            self._rule_out(frame.head(_FIRST))
            self._rule_out(frame)
        missing = [name for name in self._left if name not in self._seen]
        has = frame.select((pl.col(name) != "").any() for name in missing).row(0, named=True) if missing else {}
        self._seen |= {name for name, is_there in has.items() if is_there}

    def decided(self) -> dict[str, AttributeType]:
        """Return the type of every column that has a value."""
        return {name: [*left, AttributeType.TEXT][0] for name, left in self._left.items() if name in self._seen}

    def _open(self) -> bool:
        return any(self._left.values())

    def _rule_out(self, frame: pl.DataFrame) -> None:
        asked = [(name, kind) for name, left in self._left.items() for kind in left]
        checks = [((pl.col(name) == "") | _is_shaped(pl.col(name), _SHAPES[kind], kind)).all() for name, kind in asked]
        if asked:
            answers = frame.select(check.alias(str(number)) for number, check in enumerate(checks)).row(0)
            for (name, kind), holds in zip(asked, answers, strict=True):
                if not holds:
                    self._left[name].remove(kind)


def fits(column: pl.Expr, kind: AttributeType) -> pl.Expr:
    """Return whether each text is empty or means a value of this type."""
    if kind is AttributeType.TEXT:
        return pl.lit(True)
    return (column == "") | _is_shaped(column, _WIDER_SHAPES[kind], kind)


def _is_shaped(column: pl.Expr, shape: str, kind: AttributeType) -> pl.Expr:
    shaped = column.str.contains(shape)
    if kind is not AttributeType.DATE:
        return shaped
    is_day = column.str.to_date("%Y-%m-%d", strict=False).is_not_null()
    return shaped & is_day & ~column.str.starts_with("0000")  # Python's calendar begins with the year 1
