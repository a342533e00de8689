"""The columns of an export: what they are called, what kind of value they hold, and how somebody chooses among them.

What our own import would take for a custom field has a heading that no custom field can have (`postwright.source`), so that
an export can be imported again and changes nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from core.contacts.attributes import AttributeType
from core.contacts.imports.mapping import ATTRIBUTE, OURS
from core.errors import InvalidInput


class Kind(StrEnum):
    """What the values of a column are."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True)
class ExportColumn:
    """A column that an export can have.

    Args:
        key: How it is chosen: a field of the contact, or `attribute.<name>`.
        heading: What the file calls it.
        kind: What it holds.
        is_usual: Whether it is there where nobody chose.
    """

    key: str
    heading: str
    kind: Kind = Kind.TEXT
    is_usual: bool = True


_FIRST = tuple(ExportColumn(key, key) for key in ("email", "first_name", "last_name", "consent", "lists", "tags"))
_MORE = tuple(
    ExportColumn(key, OURS + key, kind, is_usual=False)
    for key, kind in {
        "source": Kind.TEXT,
        "created_at": Kind.TIME,
        "updated_at": Kind.TIME,
        "consent_at": Kind.TIME,
        "consent_source": Kind.TEXT,
        "suppressed": Kind.BOOLEAN,
    }.items()
)
_TAKEN = frozenset(column.heading for column in _FIRST)


def available(types: Mapping[str, AttributeType]) -> list[ExportColumn]:
    """Return every column there can be, in the order of the file, given the workspace's custom fields."""
    fields = [ExportColumn(ATTRIBUTE + name, _heading(name), Kind(kind.value)) for name, kind in types.items()]
    return [*_FIRST, *fields, *_MORE]


def chosen(columns: Sequence[ExportColumn], names: Sequence[str]) -> list[ExportColumn]:
    """Return the columns of these names (keys or headings) in this order, each once; the usual ones where none is named.

    Raises:
        InvalidInput: If there is no column of a name.
    """
    if not names:
        return [column for column in columns if column.is_usual]
    known = {column.heading: column for column in columns} | {column.key: column for column in columns}
    for name in names:
        if name not in known:
            there = ", ".join(column.key for column in columns[:30])
            raise InvalidInput(f"There is no column “{name[:60]}”.", hint=f"There are: {there}.")
    return list(dict.fromkeys(known[name] for name in names))


def _heading(name: str) -> str:
    """Return what the file calls a custom field: its name, unless a column of every contact is called so."""
    return ATTRIBUTE + name if name in _TAKEN else name
