"""The people of all files of an export as one file: so they come in together, or not at all, and can be taken back together."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from core.contacts.addresses import comparable
from core.contacts.imports.files.staging import written
from core.contacts.imports.files.tables import Table, column_key, column_names, rows_framed
from core.contacts.imports.mapping import EMAIL, SKIP, TAGS
from core.contacts.imports.staged import Staged
from core.contacts.move_in.archive import Part
from core.contacts.move_in.kits.kit import Kit
from core.contacts.tagging import check_tag_name
from core.errors import InvalidInput, StorageFull

FILE, LINE = "File", "Line in the file"
_UNITED = "several rows"
_BETWEEN = ", "  # tags
_SHOWN = 3


@dataclass(frozen=True)
class Together:
    """The people of an export.

    Args:
        staged: Their rows.
        mapping: A field per column.
        origins: From which line on the rows are those of a file, and how many lines of others stand before them.
        united: Of who is in it more than once, one after the other, the files and lines their rows are on.
    """

    staged: Staged
    mapping: dict[str, str]
    origins: list[tuple[int, str]]
    united: list[list[tuple[str, int]]]

    @property
    def address(self) -> int:
        """Which column holds the address."""
        return list(self.mapping.values()).index(EMAIL)

    def place(self, line: int) -> tuple[str, int]:
        """Return the file a row is in, and its line there; the file is empty where there is only one."""
        before, name = next((one for one in reversed(self.origins) if line > one[0]), (0, ""))
        if line - before <= len(self.united) and name == _UNITED:
            return _whereabouts(self.united[line - before - 1])
        return (name if len(self.origins) > 1 else ""), line - before


def together(kit: Kit, parts: Sequence[Part], often: Collection[str], target: Path) -> Together:
    """Lay the people of an export out as one file.

    Args:
        kit: Where it is from.
        parts: Its files of people, each with one column per field.
        often: Who is in it more than once: they get one row, with all their tags and the last value that each other field has.
        target: Where to.

    Raises:
        InvalidInput: If it can't be read.
        StorageFull: If there is no room for it.
    """
    joining = _Joining(kit, parts, often)
    table = Table(column_names(joining.columns), joining.frames())
    try:
        rows = written(table, target)
    except OSError as error:
        raise StorageFull("There is no room to read the export.", hint="Free some disk space and try again.") from error
    return Together(Staged(table.columns, target, rows), joining.mapping, joining.origins, list(joining.united.values()))


class _Joining:
    def __init__(self, kit: Kit, parts: Sequence[Part], often: Collection[str]) -> None:
        self._kit, self._parts, self._often = kit, parts, often
        self._fields = [_fields(kit, part) for part in parts]
        names: dict[str, str] = {}
        for fields in self._fields:
            for field, column in fields.items():
                taken = {*names.values(), FILE, LINE}
                names.setdefault(field, column if column not in taken else field)
        self._wanted = list(names)
        self._is_told = len(parts) > 1 or bool(often)
        self.columns = [*names.values(), *((FILE, LINE) if self._is_told else ())]
        self.mapping = {column: field for field, column in names.items()}
        self.origins: list[tuple[int, str]] = []
        self.united: dict[str, list[tuple[str, int]]] = {}

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield all rows, each part's lines after those of the one before it, and at the end those of several rows."""
        before, merged = 0, dict[str, dict[str, str]]()
        for part, fields in zip(self._parts, self._fields, strict=True):
            self.origins.append((before, part.name))
            last = 0
            for some in part.staged.slices():
                last = int(some["line"][-1])
                frame = self._framed(part, fields, some, before)
                yield self._apart(frame, part.name, before, merged) if self._often else frame
            before += last
        if merged:
            self.origins.append((before, _UNITED))
            rows = [[*list(values.values())[:-2], *map(str, _whereabouts(self.united[whose]))] for whose, values in merged.items()]
            yield rows_framed([before + number for number, _ in enumerate(rows, 1)], rows, len(self.columns))

    def _framed(self, part: Part, fields: Mapping[str, str], some: pl.DataFrame, before: int) -> pl.DataFrame:
        """Return rows of a part under the columns of all."""
        values = {field: pl.col(part.staged.key(column)) for field, column in fields.items()}
        if TAGS in values:
            values[TAGS] = values[TAGS].map_elements(self._tags, return_dtype=pl.String)
        told = [pl.lit(part.name), pl.col("line").cast(pl.String)] if self._is_told else []
        columns = [*(values.get(field, pl.lit("")) for field in self._wanted), *told]
        named = [column.alias(column_key(position)) for position, column in enumerate(columns)]
        return some.select((pl.col("line") + before).alias("line"), "surplus", *named)

    def _apart(self, frame: pl.DataFrame, name: str, before: int, merged: dict[str, dict[str, str]]) -> pl.DataFrame:
        """Return the rows of those who are in the export once; note what the others' rows say."""
        address = column_key(self._wanted.index(EMAIL))
        tags = column_key(self._wanted.index(TAGS)) if TAGS in self._wanted else ""
        is_often = frame[address].map_elements(lambda text: comparable(text) in self._often, return_dtype=pl.Boolean)
        for row in frame.filter(is_often).drop("surplus").iter_rows(named=True):
            whose, line = comparable(row[address]), row.pop("line")
            self.united.setdefault(whose, []).append((name, line - before))
            known = merged.setdefault(whose, dict.fromkeys(row, ""))
            if tags and row[tags]:
                row[tags] = _BETWEEN.join(dict.fromkeys(f"{known[tags]}{_BETWEEN}{row[tags]}".strip(_BETWEEN).split(_BETWEEN)))
            known.update({key: value for key, value in row.items() if value})
        return frame.filter(~is_often)

    def _tags(self, text: str) -> str:
        """Return tags as an import takes them; what can't be one of ours is left out: people matter more than a word put on them."""
        return _BETWEEN.join(name for one in self._kit.tags({self._kit.TAGS or "": text}) if (name := _tag(one)))


def _whereabouts(rows: Sequence[tuple[str, int]]) -> tuple[str, int]:
    """Return the file of the first of somebody's rows, with where the others are, and its line."""
    (first, at), *others = rows
    return ", ".join([first, *(f"with line {number} of {other}" for other, number in others[:_SHOWN])]), at


def addresses_often(counts: Counter[str]) -> set[str]:
    """Return who is counted more than once."""
    return {address for address, times in counts.items() if times > 1}


def _fields(kit: Kit, part: Part) -> dict[str, str]:
    """Return the column of each field that a part has."""
    fields = {field: column for column, field in kit.plan(part.staged.columns).mapping.items() if field != SKIP}
    return fields | ({TAGS: kit.TAGS} if kit.TAGS in part.staged.columns else {})


def _tag(name: str) -> str:
    try:
        return check_tag_name(" ".join(re.sub("[,;]", " ", name).split()))
    except InvalidInput:
        return ""
