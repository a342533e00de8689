"""Judging the rows of an import: which can become contacts, and why the others can't; the whole file, a slice at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import polars as pl

from core.contacts.addresses import normalise
from core.contacts.attributes import MAX_TEXT, AttributeType
from core.contacts.contacts import MAX_NAME
from core.contacts.imports.address_vectors import is_disposable, is_role, normalised
from core.contacts.imports.column_types import Deciding
from core.contacts.imports.files.contract import checked
from core.contacts.imports.kinds import ColumnType, Kind
from core.contacts.imports.mapping import Mapped
from core.contacts.imports.staged import Staged
from core.contacts.imports.tags import MAX_TAG
from core.contacts.imports.values import fits
from core.errors import InvalidInput
from core.formulas import RUNS

SHOWN = 1_000
_SHOWN_LETTERS = 40
_CONTROL = r"[\x00-\x1f\x7f\x{85}\x{2028}\x{2029}]"
_UNPRINTABLE = r"[\p{C}\p{Zl}\p{Zp}]"
_BROKEN = "The quotation marks on this line don't match; write a quotation mark inside a value twice and close every value."
_REFUSED = {"line": pl.Int64, "reason": pl.String, "email": pl.String}
_GOOD = {"line": pl.Int64, "email": pl.String, "is_role": pl.Boolean, "is_disposable": pl.Boolean}
Told = Callable[[int], None]


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
        kept: The rows that can be imported, one per address: `line`, `email`, `is_role`, `is_disposable`.
        kinds: What every attribute that has a value holds.
        refused: The other rows, by line: `line`, `reason`, `email` (shortened).
    """

    kept: pl.DataFrame
    kinds: dict[str, Kind]
    refused: pl.DataFrame

    @property
    def types(self) -> dict[str, AttributeType]:
        """The type of every attribute that has a value."""
        return {name: kind.attribute for name, kind in self.kinds.items()}

    @property
    def refused_rows(self) -> list[RefusedRow]:
        """The first 1,000 refused rows."""
        return [RefusedRow(*row) for row in self.refused.head(SHOWN).iter_rows()]


@dataclass(frozen=True)
class _Rule:
    """What a row must not be: the column it is about, the words of the refusal."""

    breaks: pl.Expr
    words: str
    field: str = ""


def judge(staged: Staged, mapped: Mapped, known: Mapping[str, Kind], tell: Told = lambda _done: None) -> Judged:
    """Return which rows can be imported and why the others can't.

    Args:
        staged: The file as text.
        mapped: What its columns become.
        known: What the attributes hold that exist already, and those that somebody chose a type for.
        tell: Told how many rows are judged.

    Raises:
        InvalidInput: If the file is not what was laid out.
    """
    rules, done = _rules(len(staged.columns), mapped, known), 0
    deciding = Deciding([f"attribute.{name}" for name in mapped.attributes if name not in known])
    good, refused = [pl.DataFrame(schema=_GOOD)], [_broken(staged)]
    for rows in staged.slices(used(staged, mapped)):
        frame = fields(staged, mapped, checked(rows))
        frame = frame.with_columns(normalised(frame["given"]).alias("email"))
        verdict = _verdict(frame, rules)
        if verdict.null_count() < frame.height:
            refused.append(_reasons(frame.filter(verdict.is_not_null()), verdict.drop_nulls(), rules, mapped))
            frame = frame.filter(verdict.is_null())
        address = pl.col("email")
        good.append(frame.select("line", "email", is_role(address).alias("is_role"), is_disposable(address).alias("is_disposable")))
        deciding.see(frame)
        tell(done := done + rows.height)
    kept, repeated = _once(pl.concat(good))
    good.clear()
    kinds = _kinds(mapped, known, _decided_by(staged, mapped, kept, deciding) if repeated.height else deciding)
    return Judged(kept, kinds, pl.concat([*refused, repeated]).sort("line", maintain_order=True))


def without(judged: Judged, hidden: pl.DataFrame, reason: str) -> Judged:
    """Return what is left once the rows of these addresses (`email`) are refused as well, all for the same reason."""
    gone = judged.kept.join(hidden, on="email", how="semi")
    rows = gone.select("line", pl.lit(reason).alias("reason"), pl.col("email").map_elements(short, return_dtype=pl.String))
    left = judged.kept.join(hidden, on="email", how="anti", maintain_order="left")
    return replace(judged, kept=left, refused=pl.concat([judged.refused, rows]).sort("line"))


def used(staged: Staged, mapped: Mapped) -> list[str]:
    """Return the names under which the rows hold what is mapped; the others need not be read."""
    columns = dict.fromkeys(column for column in (mapped.email, *mapped.columns.values()) if column)
    return ["line", "surplus", *map(staged.key, columns)]


def fields(staged: Staged, mapped: Mapped, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the mapped columns of some rows, trimmed, under the names of their fields: `given`, `first_name`, …, `attribute.<name>`."""
    columns = {"given": mapped.email, **mapped.columns}
    texts = [(pl.col(staged.key(column)) if column else pl.lit("")).str.strip_chars().alias(field) for field, column in columns.items()]
    trimmed = rows.select("line", "surplus", *texts)
    # Take off the apostrophe that our own export puts before what a spreadsheet would run; a pattern is for where there is one.
    quoted = trimmed.select(pl.col(list(columns)).str.starts_with("'").any()).row(0, named=True)
    return trimmed.with_columns(pl.col(name).str.replace(f"^'({RUNS})", "$1") for name, is_quoted in quoted.items() if is_quoted)


def short(value: str) -> str:
    """Return the beginning of a value, on one line."""
    plain = "".join(letter if letter.isprintable() else " " for letter in value[: _SHOWN_LETTERS + 1])
    return plain if len(value) <= _SHOWN_LETTERS else f"{plain[:_SHOWN_LETTERS]}…"


def _rules(width: int, mapped: Mapped, known: Mapping[str, Kind]) -> list[_Rule]:
    """Return the rules of a row, the first that it breaks is the reason."""
    rules = [_Rule(pl.col("surplus"), f"The row has more values than the header has columns ({width}).")]
    for field in ("first_name", "last_name"):
        text = pl.col(field)
        rules.append(_Rule(_longer(text, MAX_NAME), f"is longer than {MAX_NAME} characters", field))
        rules.append(_Rule(text.str.contains(_CONTROL), "holds a line break or another control character", field))
    for name in mapped.attributes:
        field, text, kind = f"attribute.{name}", pl.col(f"attribute.{name}"), known.get(name)
        rules.append(_Rule(_longer(text, MAX_TEXT), f"is longer than {MAX_TEXT:,} characters", field))
        rules.append(_Rule(text.str.contains("\0", literal=True), "holds a NUL character", field))
        if kind and kind.type is not ColumnType.TEXT:
            rules.append(_Rule(~fits(text, kind), kind.expected, field))
    if mapped.tags:
        rules.append(_Rule(_longer(pl.col("tags"), MAX_TEXT), f"is longer than {MAX_TEXT:,} characters", "tags"))
        rules.append(_Rule(pl.col("tags").str.contains(_UNPRINTABLE), "holds a line break or a character that can't be shown", "tags"))
        rules.append(_Rule(pl.col("tags").str.contains(f"[^,;]{{{MAX_TAG + 1}}}"), f"holds a tag longer than {MAX_TAG} characters", "tags"))
    return [*rules, _Rule(pl.col("email").is_null(), "", "email")]


def _longer(text: pl.Expr, letters: int) -> pl.Expr:
    # Counting bytes takes no look at the text, and there are never fewer than letters.
    return pl.when(text.str.len_bytes() > letters).then(text.str.len_chars() > letters).otherwise(pl.lit(False))


def _verdict(frame: pl.DataFrame, rules: list[_Rule]) -> pl.Series:
    """Return per row the number of the first rule it breaks; null for a good one."""
    masks = frame.select(rule.breaks.alias(str(number)) for number, rule in enumerate(rules))
    broken = [name for name in masks.columns if masks[name].any()]
    if not broken:
        return pl.repeat(None, frame.height, dtype=pl.Int32, eager=True)
    return masks.select(pl.coalesce(pl.when(name).then(pl.lit(int(name), pl.Int32)) for name in broken)).to_series()


def _reasons(refused: pl.DataFrame, verdict: pl.Series, rules: list[_Rule], mapped: Mapped) -> pl.DataFrame:
    """Return the refused rows with the words why."""
    rows = []
    for row, number in zip(refused.iter_rows(named=True), verdict, strict=True):
        rows.append((row["line"], _reason(rules[number], row, mapped), short(row["given"])))
    return pl.DataFrame(rows, schema=_REFUSED, orient="row")


def _reason(rule: _Rule, row: Mapping[str, str], mapped: Mapped) -> str:
    if not rule.field:
        return rule.words
    if rule.field != "email":
        return f"“{short(row[rule.field])}” in the column “{mapped.columns[rule.field]}” {rule.words}."
    try:
        normalise(row["given"])
    except InvalidInput as error:
        return error.message
    return "This can't be an address."


def _broken(staged: Staged) -> pl.DataFrame:
    return pl.DataFrame([(broken.line, _BROKEN, "") for broken in staged.broken], schema=_REFUSED, orient="row")


def _once(good: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return of the rows of each address the last, and the others as refused ones."""
    if not good["email"].is_duplicated().any():
        return good, pl.DataFrame(schema=_REFUSED)
    kept = good.unique("email", keep="last", maintain_order=True)
    earlier = good.join(kept.select("email", pl.col("line").alias("last")), on="email").filter(pl.col("line") != pl.col("last"))
    words = pl.format("The same address stands again on line {}; that row was used.", "last").alias("reason")
    return kept, earlier.select("line", words, pl.col("email").map_elements(short, return_dtype=pl.String))


def _decided_by(staged: Staged, mapped: Mapped, kept: pl.DataFrame, before: Deciding) -> Deciding:
    """Return what the columns hold by the rows that are kept only: values of others don't count."""
    deciding = Deciding(before.names)
    for rows in chosen(staged, kept, used(staged, mapped)):
        deciding.see(fields(staged, mapped, rows))
    return deciding


def _kinds(mapped: Mapped, known: Mapping[str, Kind], deciding: Deciding) -> dict[str, Kind]:
    """Return what every attribute holds: what is known, else what all its values are; one without a value holds nothing."""
    decided = {field.removeprefix("attribute."): Kind(ColumnType(kind)) for field, kind in deciding.decided().items()}
    return {name: known.get(name) or decided[name] for name in mapped.attributes if name in known or name in decided}


def chosen(staged: Staged, kept: pl.DataFrame, keys: list[str] | None = None) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file that can be imported, some at a time.

    Args:
        staged: The file.
        kept: The lines that can be, in order.
        keys: The columns wanted; `line` must be among them. None for all, and nothing for none.
    """
    lines = kept["line"]
    for rows in staged.slices(keys) if keys != [] else ():
        first = lines.search_sorted(int(rows["line"][0]), "left")
        last = lines.search_sorted(int(rows["line"][-1]), "right")
        mine = lines.slice(first, last - first)
        yield rows if mine.len() == rows.height else rows.filter(pl.col("line").is_in(mine.implode()))
