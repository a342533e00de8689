"""What a move-in kit knows about another tool's export, in words that are the same for all of them."""

from __future__ import annotations

import csv
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import ClassVar

from core.contacts.attributes import RESERVED, clean_name
from core.contacts.imports.mapping import ATTRIBUTE, EMAIL, SKIP
from core.contacts.move_in.archive import Part
from core.storage.event_words import EventKind

Row = Mapping[str, str]


class Said(StrEnum):
    """What the other tool says about somebody: nothing at all means what the person who imports says."""

    NOTHING = "nothing"
    SUBSCRIBED = "subscribed"
    UNSUBSCRIBED = "unsubscribed"
    NEVER_SUBSCRIBED = "never_subscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BLOCKED = "blocked"


_BY_STRICTNESS = (
    Said.NOTHING, Said.SUBSCRIBED, Said.NEVER_SUBSCRIBED, Said.BOUNCED, Said.UNSUBSCRIBED, Said.BLOCKED, Said.COMPLAINED,
)  # fmt: skip


def strictness(said: Said) -> int:
    """Return how much a word of the other tool forbids: where two stand for one address, the stricter counts."""
    return _BY_STRICTNESS.index(said)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stood at the other tool.

    Args:
        said: What it says.
        at: Since when, None where it does not say.
        ip: The address they signed up from, where it says so; may be empty.
        is_proven: Whether the export shows that they said so themselves: a list that asks first need not ask them again.
        asked_at: When they were asked to confirm, where it says so.
    """

    said: Said = Said.NOTHING
    at: datetime | None = None
    ip: str = ""
    is_proven: bool = False
    asked_at: datetime | None = None


@dataclass(frozen=True)
class PastEvent:
    """Something that somebody did with an email of the other tool.

    Args:
        kind: Opened or clicked.
        email: Who.
        at: When.
        campaign: Which email, in the other tool's words.
        url: Where a click led; may be empty.
    """

    kind: EventKind
    email: str
    at: datetime
    campaign: str = ""
    url: str = ""


@dataclass(frozen=True)
class KitPlan:
    """What becomes of the columns of an export.

    Args:
        mapping: A field per column, as imports take it.
    """

    mapping: dict[str, str]


class Kit(ABC):
    """An export of another tool.

    A kit says in `FIELDS` what known columns become, in `EVIDENCE` which say where somebody stands, in `LEFT_OUT` which mean
    nothing here; every other column becomes a custom field of its name.
    """

    key: str
    label: str
    FIELDS: ClassVar[Mapping[str, str]] = {}
    EVIDENCE: frozenset[str] = frozenset()
    LEFT_OUT: frozenset[str] = frozenset()
    TAGS: str | None = None

    @abstractmethod
    def recognises(self, columns: Sequence[str]) -> bool:
        """Return whether a file with this heading is one of the tool's."""

    @abstractmethod
    def standing(self, row: Row, file_name: str) -> Standing:
        """Return where the person of a row stood."""

    def plan(self, columns: Sequence[str]) -> KitPlan:
        """Return what becomes of the columns; each field is used once."""
        mapping: dict[str, str] = {}
        for column in columns:
            wanted = SKIP if column in self.LEFT_OUT | self.EVIDENCE or column == self.TAGS else self.FIELDS.get(column) or _own(column)
            mapping[column] = SKIP if wanted in mapping.values() else wanted
        return KitPlan(mapping)

    def prepared(self, part: Part) -> Part:
        """Return a file with one column per field; only where the tool packs several fields into one."""
        return part

    def tags(self, row: Row) -> list[str]:
        """Return the tags of the person of a row."""
        return in_quotes(row.get(self.TAGS or "", ""))

    def past(self, part: Part) -> Iterator[PastEvent]:
        """Yield what people did, where a file of the export tells; most tell nothing."""
        return iter(())

    def address(self, row: Row) -> str:
        """Return the address in a row."""
        return next((row[column].strip() for column, wanted in self.FIELDS.items() if wanted == EMAIL and row.get(column)), "")


_LONGEST_TAGS = 100_000


def in_quotes(text: str) -> list[str]:
    """Return the names in a list such as `"VIP","Big spender"` or `vip, blog`, each once."""
    names = next(csv.reader([" ".join(text[:_LONGEST_TAGS].split())], skipinitialspace=True), [])
    return list(dict.fromkeys(name.strip() for name in names if name.strip()))


def moment(text: str) -> datetime | None:
    """Return a moment as the tools write it, None if it is none; without a zone it is UTC, which is what they write."""
    plain = text.strip().removesuffix(" UTC").removesuffix("Z").strip()
    if _ISO.match(plain):  # what most of them write, read twenty times as fast
        with suppress(ValueError):
            return _in_utc(datetime.fromisoformat(plain))
    for shape in _SHAPES:
        with suppress(ValueError):
            return _in_utc(datetime.strptime(plain, shape))  # noqa: DTZ007 - it gets its zone at once
    return None


def _in_utc(found: datetime) -> datetime | None:
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:  # before the year 1 in UTC
        return None


_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9]{2}:|$)")
_DAYS = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %H:%M:%S.%f", "T%H:%M:%S.%f")
_SHAPES = [f"{day}{time}{zone}" for day in _DAYS for time in _TIMES for zone in (("", "%z", " %z") if time else ("",))]


def is_yes(text: str) -> bool:
    """Return whether a tool says yes."""
    return text.strip().lower() in {"yes", "true", "1", "y", "oui", "ja"}


def _own(column: str) -> str:
    name = clean_name(column)
    return SKIP if not name else ATTRIBUTE + (f"{name}_field" if name in RESERVED | {"lists", "tags"} else name)
