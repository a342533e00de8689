"""What every reader of a format hands on: names of columns, and rows of text with the line each begins on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import polars as pl

from core.contacts.imports.files.bounds import MAX_BROKEN, MAX_COLUMNS, MAX_NAME
from core.errors import InvalidInput

# How much is kept of a line that can't be told apart, and of each once there are many.
_SHOWN, _SHOWN_OF_MANY, _MANY = 10_000, 200, 3_000


@dataclass(frozen=True)
class Broken:
    """A line whose quotation marks don't match."""

    line: int
    text: str


@dataclass
class Table:
    """A file that is being read.

    Args:
        columns: The names in its header.
        frames: Its rows, some at a time, each frame as `framed` makes it.
        broken: Lines that can't be told apart into values; complete once every frame was taken.
        notes: What a person should know about how it was read.
    """

    columns: list[str]
    frames: Iterator[pl.DataFrame]
    broken: list[Broken] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def column_key(position: int) -> str:
    """Return the name under which a frame holds the column at this position, from 0."""
    return f"c{position}"


def keys(width: int) -> list[str]:
    """Return the names of that many columns."""
    return [column_key(position) for position in range(width)]


def note_broken(broken: list[Broken], line: int, text: str) -> None:
    """Keep a line that can't be told apart, as much of it as anybody will look at.

    Raises:
        InvalidInput: If there are so many that the file is written in another way than it is read.
    """
    if len(broken) >= MAX_BROKEN:
        message = f"The quotation marks of more than {MAX_BROKEN:,} lines don't match."
        raise InvalidInput(message, hint="Export the file again as CSV with values between quotation marks, or as XLSX.")
    broken.append(Broken(line, text[: _SHOWN if len(broken) < _MANY else _SHOWN_OF_MANY]))


def framed(texts: pl.DataFrame, width: int) -> pl.DataFrame:
    """Return rows as they are staged: `line`, `surplus` (more values than columns), and the text of each column; none blank.

    Args:
        texts: `line` and columns of text, `c0` and so on; those beyond `width` belong to no column.
        width: How many columns the header has.
    """
    named = keys(width)
    unnamed = [name for name in texts.columns if name not in {"line", *named}]
    surplus = pl.any_horizontal(pl.col(name) != "" for name in unnamed) if unnamed else pl.lit(False)
    rows = texts.select(pl.col("line").cast(pl.Int64), surplus.alias("surplus"), *named)
    return rows.filter(pl.any_horizontal("surplus", *(pl.col(key).str.strip_chars() != "" for key in named)))


def rows_framed(lines: Sequence[int], rows: Sequence[Sequence[str]], width: int) -> pl.DataFrame:
    """Return rows of values as they are staged; values that are missing at a row's end are empty."""
    even = [(*values[:width], *[""] * (width - len(values)), "".join(values[width:])) for values in rows]
    columns = list(zip(*even, strict=True)) or [()] * (width + 1)
    texts = {column_key(position): pl.Series(values, dtype=pl.String) for position, values in enumerate(columns)}
    return framed(pl.DataFrame({"line": pl.Series(lines, dtype=pl.Int64), **texts}), width)


def column_names(header: Sequence[str]) -> list[str]:
    """Return the columns' names: each once, none empty, and not somebody's data.

    Raises:
        InvalidInput: If they can't be used; says what to do.
    """
    names = [" ".join(name.replace("\0", "").split()) for name in header]
    while names and not names[-1]:
        names.pop()
    if not names:
        raise InvalidInput("The first line names no columns.", hint="Start the file with a line such as email,first_name,last_name.")
    if any("@" in name and "." in name.rpartition("@")[2] for name in names):
        raise InvalidInput("The first line holds an address, not the names of the columns.", hint="Put email,first_name,… above it.")
    if len(names) > MAX_COLUMNS or max(map(len, names)) > MAX_NAME:
        raise InvalidInput(f"The header has {len(names):,} columns or a very long name.", hint=f"Use at most {MAX_COLUMNS} short names.")
    named = [name or f"Column {position}" for position, name in enumerate(names, 1)]
    twice = sorted({name for name in named if named.count(name) > 1})
    if twice:
        raise InvalidInput(f"The header has this name more than once: {', '.join(twice)}.", hint="Give every column a name of its own.")
    return named
