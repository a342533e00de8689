"""Which type a column probably has, and settling what somebody chose: dates are read one way in a column, never by guessing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from core.contacts.imports.column_types import decide
from core.contacts.imports.kinds import ColumnType, DateFormat, Kind
from core.contacts.imports.mapping import Mapped
from core.contacts.imports.staged import Staged
from core.contacts.imports.values import as_day, fits
from core.errors import InvalidInput

LOOKED_AT = 1_000
# Told by their values, of which there are few; what two letters mean depends on the column's name.
_NAMED = {
    "country": ColumnType.COUNTRY,
    "language": ColumnType.LANGUAGE,
    "time_zone": ColumnType.TIME_ZONE,
    "timezone": ColumnType.TIME_ZONE,
}
_NAMED |= {"land": ColumnType.COUNTRY, "pays": ColumnType.COUNTRY, "locale": ColumnType.LANGUAGE, "sprache": ColumnType.LANGUAGE}


def settled(staged: Staged, mapped: Mapped, chosen: Mapping[str, str], known: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return what the attributes hold that exist or that a type was chosen for, every date with the way it is written.

    Args:
        staged: The file.
        mapped: What its columns become.
        chosen: A type per column, for some.
        known: What the attributes hold that exist; a type that was chosen for one only says how it is written.

    Raises:
        InvalidInput: If a type can't be used, or dates can be read in several ways and nobody said which.
    """
    kinds = {}
    for name, column in mapped.attributes.items():
        kind, before = Kind.parse(chosen[column]) if column in chosen else None, known.get(name)
        if kind and before and kind.attribute is not before.attribute:
            raise InvalidInput(
                f"“{column}” can't be {kind.type}: the attribute “{name}” was declared as {before.attribute}.",
                hint="Map the column to another attribute or leave its type out.",
            )
        if kind and kind.type is ColumnType.DATE and kind.format is None:
            kind = replace(kind, format=_only_format(staged, column))
        if settled_kind := kind or before:
            kinds[name] = settled_kind
    return kinds


def suggest_kinds(staged: Staged, mapping: Mapping[str, str], known: Mapping[str, Kind]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Return a type per column, judged by its first rows, and the columns of dates that can be read in several ways."""
    rows, kinds, ambiguous = staged.head(LOOKED_AT), {}, {}
    for column, field in mapping.items():
        if not field.startswith("attribute."):
            continue
        texts = rows[staged.key(column)].str.strip_chars()
        formats = _formats(texts)
        before = known.get(field.removeprefix("attribute."))
        if formats and before in {None, Kind(ColumnType.DATE)}:
            kinds[column] = str(Kind(ColumnType.DATE, formats[0]))
            if len(formats) > 1:
                ambiguous[column] = [str(Kind(ColumnType.DATE, one)) for one in formats]
        elif before is None or before.type is ColumnType.TEXT:
            kinds[column] = str(_named(texts, field) or before or Kind(ColumnType(decide(texts) or ColumnType.TEXT)))
        else:
            kinds[column] = str(before)
    return kinds, ambiguous


def _named(texts: pl.Series, field: str) -> Kind | None:
    kind = _NAMED.get(field.removeprefix("attribute."))
    if kind is None or not (texts != "").any():
        return None
    return Kind(kind) if texts.to_frame("text").select(fits(pl.col("text"), Kind(kind)).all()).item() else None


def _formats(texts: pl.Series) -> list[DateFormat]:
    """Return the ways in which all of these texts are dates; none where there are no texts."""
    given = texts.filter(texts != "").alias("text").to_frame()
    if given.is_empty():
        return []
    fitting = [one for one in DateFormat if given.select(as_day(pl.col("text"), one).is_not_null().all()).item()]
    return fitting[:1] if fitting[:1] == [DateFormat.ISO] else fitting  # with a time of day is the wider form of it


def _only_format(staged: Staged, column: str) -> DateFormat:
    """Return the one way in which most values of a column are dates.

    Raises:
        InvalidInput: If several ways fit as many values; names them.
    """
    fitting = dict.fromkeys(DateFormat, 0)
    for rows in staged.slices([staged.key(column)]):
        texts = rows.select(pl.col(staged.key(column)).str.strip_chars().alias("text"))
        counts = texts.select(as_day(pl.col("text"), one).is_not_null().sum().alias(one.value) for one in DateFormat).row(0, named=True)
        fitting = {one: count + counts[one.value] for one, count in fitting.items()}
    most = max(fitting.values())
    best = [one for one, count in fitting.items() if count == most]
    if most == 0:
        return DateFormat.ISO
    if len(best) > 1 and set(best) != {DateFormat.ISO, DateFormat.ISO_TIME}:
        raise InvalidInput(f"The dates in “{column}” can be read in several ways.", hint=f"Say which: {_listed(best)}.")
    return best[0]


def _listed(formats: Sequence[DateFormat]) -> str:
    return " or ".join(f"date:{one}" for one in formats)
