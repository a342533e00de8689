"""Judging the rows of an import: which can become contacts, and why the others can't."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

import pandera.polars as pa
import polars as pl

from core.contacts.addresses import normalise
from core.contacts.attributes import MAX_TEXT, AttributeType
from core.contacts.column_types import decide, fits
from core.contacts.contacts import MAX_NAME
from core.contacts.mapping import Mapped
from core.contacts.reading import Sheet
from core.errors import InvalidInput
from core.formulas import RUNS

_SHOWN = 40
_CONTROL = r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]"
_BROKEN = "The quotation marks on this line don't match; write a quotation mark inside a value twice and close every value."


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not imported.

    Args:
        line: Where it begins in the file, from 1.
        reason: Why, in plain words.
        email: What stands in its address column, shortened; empty where that can't be told.
    """

    line: int
    reason: str
    email: str


@dataclass(frozen=True)
class Judged:
    """What is left of a file.

    Args:
        frame: The rows that can be imported, one per address: `email`, `first_name`, `last_name` and a column of text per
            attribute under `attribute.<name>`.
        types: The type of every attribute that has a value.
        refused: The other rows, by line.
    """

    frame: pl.DataFrame
    types: dict[str, AttributeType]
    refused: list[RefusedRow]


def judge(sheet: Sheet, mapped: Mapped, declared: Mapping[str, AttributeType]) -> Judged:
    """Return which rows can be imported and why the others can't.

    Args:
        sheet: The file as text.
        mapped: What its columns become.
        declared: The types of the attributes that exist already; they win.
    """
    frame = _fields(sheet, mapped)
    known = {name: declared[name] for name in mapped.attributes if name in declared}
    reasons = _broken_rules(frame, _schema(sheet, mapped, known))
    good = frame.filter(~pl.col("line").is_in(list(reasons)))
    kept = good.unique("email", keep="last", maintain_order=True)
    reasons |= _repeated(good, kept)
    new = {name: decide(kept[f"attribute.{name}"]) for name in mapped.attributes if name not in declared}
    types = known | {name: kind for name, kind in new.items() if kind is not None}
    return Judged(kept, types, _refused(sheet, mapped, frame, reasons))


def without(judged: Judged, emails: Collection[str], reason: str) -> Judged:
    """Return what is left once the rows of these addresses are refused as well, all for the same reason."""
    hit = pl.col("email").is_in(list(emails))
    refused = [RefusedRow(row["line"], reason, _short(row["given"])) for row in judged.frame.filter(hit).iter_rows(named=True)]
    return replace(judged, frame=judged.frame.filter(~hit), refused=sorted([*judged.refused, *refused], key=lambda row: row.line))


def _fields(sheet: Sheet, mapped: Mapped) -> pl.DataFrame:
    """Return the mapped columns under the names of their fields, trimmed; `email` is null where it can't be an address."""
    columns = {"given": mapped.email, "first_name": mapped.first_name, "last_name": mapped.last_name}
    columns |= {f"attribute.{name}": column for name, column in mapped.attributes.items()}
    texts = [(_trimmed(sheet.key(column)) if column else pl.lit("")).alias(field) for field, column in columns.items()]
    frame = sheet.frame.select("line", "surplus", *texts)
    return frame.with_columns(pl.Series("email", list(map(_address_or_none, frame["given"])), dtype=pl.String))


def _trimmed(key: str) -> pl.Expr:
    """Trim a value and take off the apostrophe that our own export puts before what a spreadsheet would run."""
    return pl.col(key).str.strip_chars().str.replace(f"^'({RUNS})", "$1")


def _address_or_none(given: str) -> str | None:
    try:
        return normalise(given)
    except InvalidInput:
        return None


def _schema(sheet: Sheet, mapped: Mapped, known: Mapping[str, AttributeType]) -> pa.DataFrameSchema:
    """Return the rules of a row; the words of each check are the reason shown where it fails."""
    width = len(sheet.columns)
    name = [_check(f"is longer than {MAX_NAME} characters", lambda text: text.str.len_chars() <= MAX_NAME), _PRINTABLE]
    text = [_check(f"is longer than {MAX_TEXT:,} characters", lambda text: text.str.len_chars() <= MAX_TEXT), _NO_NUL]
    attributes = {
        f"attribute.{attribute}": pa.Column(pl.String, [*text, *_type_check(known.get(attribute))]) for attribute in mapped.attributes
    }
    return pa.DataFrameSchema(
        {
            "line": pa.Column(pl.Int64),
            "surplus": pa.Column(pl.Boolean, _check(f"The row has more values than the header has columns ({width}).", lambda more: ~more)),
            "given": pa.Column(pl.String),
            "first_name": pa.Column(pl.String, name),
            "last_name": pa.Column(pl.String, name),
            **attributes,
            "email": pa.Column(pl.String, nullable=False),
        },
        strict=True,
    )


def _check(reason: str, rule: Callable[[pl.Expr], pl.Expr]) -> pa.Check:
    return pa.Check(lambda data: data.lazyframe.select(rule(pl.col(data.key))), error=reason)


_NO_NUL = _check("holds a NUL character", lambda text: ~text.str.contains("\0", literal=True))
_PRINTABLE = _check("holds a line break or another control character", lambda text: ~text.str.contains(_CONTROL))


def _type_check(kind: AttributeType | None) -> list[pa.Check]:
    if kind is None or kind is AttributeType.TEXT:
        return []
    expected = {AttributeType.NUMBER: "is not a number", AttributeType.BOOLEAN: "is not true or false"}
    return [_check(expected.get(kind, "is not a date such as 2026-11-22"), lambda text: fits(text, kind))]


def _broken_rules(frame: pl.DataFrame, schema: pa.DataFrameSchema) -> dict[int, tuple[str, str]]:
    """Return, by line, the first rule each row breaks: the field and the words."""
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as errors:
        cases = errors.failure_cases.select("column", "check", "index").unique("index", keep="first", maintain_order=True)
        lines = frame["line"].to_list()
        return {lines[index]: (column, check) for column, check, index in cases.iter_rows()}
    return {}


def _repeated(good: pl.DataFrame, kept: pl.DataFrame) -> dict[int, tuple[str, str]]:
    if good.height == kept.height:
        return {}
    earlier = good.join(kept.select("email", pl.col("line").alias("last")), on="email").filter(pl.col("line") != pl.col("last"))
    reasons = earlier.select("line", "last").iter_rows()
    return {line: ("", f"The same address stands again on line {last}; that row was used.") for line, last in reasons}


def _refused(sheet: Sheet, mapped: Mapped, frame: pl.DataFrame, reasons: Mapping[int, tuple[str, str]]) -> list[RefusedRow]:
    columns = {"first_name": mapped.first_name, "last_name": mapped.last_name}
    columns |= {f"attribute.{name}": column for name, column in mapped.attributes.items()}
    refused = [RefusedRow(broken.line, _BROKEN, "") for broken in sheet.broken]
    for row in frame.filter(pl.col("line").is_in(list(reasons))).iter_rows(named=True):
        field, words = reasons[row["line"]]
        reason = _reason(words, columns[field], row[field]) if field in columns else _reason_of_row(field, words, row["given"])
        refused.append(RefusedRow(row["line"], reason, _short(row["given"])))
    return sorted(refused, key=lambda row: row.line)


def _reason(words: str, column: str | None, value: str) -> str:
    return f"“{_short(value)}” in the column “{column}” {words}."


def _reason_of_row(field: str, words: str, given: str) -> str:
    if field != "email":
        return words
    try:
        normalise(given)
    except InvalidInput as error:
        return error.message
    return words


def _short(value: str) -> str:
    plain = "".join(letter if letter.isprintable() else " " for letter in value[: _SHOWN + 1])
    return plain if len(value) <= _SHOWN else f"{plain[:_SHOWN]}…"
