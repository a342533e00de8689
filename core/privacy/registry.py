"""The registry of personal data: every column of every table and of the lake, and every file, with what becomes of it.

A test holds it against the real schema: whoever adds a column has to say here whether it is about somebody. Exporting and erasing go by
these entries, so what is not written here is neither shown to the person nor taken out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa

import core.contacts.imports.tables  # noqa: F401 - so that its tables are known wherever somebody is erased
from core.privacy.registry_beside import FILES, LAKE
from core.privacy.registry_contacts import CONTACTS
from core.privacy.registry_system import SYSTEM
from core.privacy.registry_users import USERS
from core.privacy.registry_words import File, Finds, Leaves, Place, Whose
from core.storage.schema import metadata

__all__ = ["FILES", "LAKE", "PLACES", "File", "Finds", "Leaves", "Place", "Where", "Whose", "of_contacts", "table_of"]

PLACES: tuple[Place, ...] = (*CONTACTS, *USERS, *SYSTEM)


class Where(StrEnum):
    """The kinds of places."""

    TABLE = "table"
    LAKE = "lake"
    FILE = "file"


@dataclass(frozen=True)
class Gaps:
    """What the registry does not say yet.

    Args:
        unnamed: Columns nobody decided about, as "table.column".
        unknown: Columns that are named and do not exist.
        twice: Columns that are named as both.
    """

    unnamed: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)


def table_of(place: Place) -> sa.Table | None:
    """Return a place's table, None where this release has none."""
    return metadata.tables.get(place.table)


def of_contacts() -> list[Place]:
    """Return the places that hold something about contacts and by which they can be found, in the order they are erased."""
    return [place for place in PLACES if place.finds is not Finds.NOTHING and table_of(place) is not None]


def gaps(schema: Mapping[str, frozenset[str]]) -> Gaps:
    """Return where the registry and a schema differ.

    Args:
        schema: The columns of every table, by its name.
    """
    said = MappingProxyType({place.table: place for place in (*PLACES, *LAKE)})
    found = Gaps()
    for name, columns in schema.items():
        place = said.get(name)
        personal, plain = (place.personal_columns, place.plain_columns) if place else (frozenset(), frozenset())
        found.unnamed.extend(f"{name}.{column}" for column in sorted(columns - personal - plain))
        found.unknown.extend(f"{name}.{column}" for column in sorted((personal | plain) - columns))
        found.twice.extend(f"{name}.{column}" for column in sorted(personal & plain))
    return found
