"""What a column of a file is taken for: text, numbers, dates written one way, countries, languages, time zones, tags."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from core.contacts.attributes import AttributeType
from core.errors import InvalidInput
from core.hours import zone_named


class ColumnType(StrEnum):
    """What somebody can say a column holds."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    COUNTRY = "country"
    LANGUAGE = "language"
    TIME_ZONE = "time_zone"


class DateFormat(StrEnum):
    """How a day can be written; one column is written one way."""

    ISO = "YYYY-MM-DD"
    ISO_TIME = "YYYY-MM-DD hh:mm"
    DOTS = "DD.MM.YYYY"
    DAY_FIRST = "DD/MM/YYYY"
    MONTH_FIRST = "MM/DD/YYYY"
    YEAR_FIRST = "YYYY/MM/DD"
    DASHES = "DD-MM-YYYY"
    DASHES_MONTH_FIRST = "MM-DD-YYYY"
    COMPACT = "YYYYMMDD"


# The shape a text must have, and the places of year, month and day in it.
_TIME = r"[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?: ?(?:Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?"
_SHAPES = {
    DateFormat.ISO: (r"([0-9]{4})-([0-9]{2})-([0-9]{2})", "ymd"),
    DateFormat.ISO_TIME: (rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}})(?:{_TIME})?", "ymd"),
    DateFormat.DOTS: (r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})", "dmy"),
    DateFormat.DAY_FIRST: (r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", "dmy"),
    DateFormat.MONTH_FIRST: (r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})", "mdy"),
    DateFormat.YEAR_FIRST: (r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})", "ymd"),
    DateFormat.DASHES: (r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})", "dmy"),
    DateFormat.DASHES_MONTH_FIRST: (r"([0-9]{1,2})-([0-9]{1,2})-([0-9]{4})", "mdy"),
    DateFormat.COMPACT: (r"([0-9]{4})([0-9]{2})([0-9]{2})", "ymd"),
}
_EXAMPLE = {"YYYY": "2026", "MM": "11", "DD": "22", "hh": "14", "mm": "30"}
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:[-_]([a-z]{4}))?(?:[-_]([a-z]{2}|[0-9]{3}))?", re.IGNORECASE)
# What people write that no list of countries has.
_COUNTRIES = {"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "usa": "US", "u.s.": "US"}
_COUNTRIES |= {"u.s.a.": "US", "south korea": "KR", "north korea": "KP", "russia": "RU", "czech republic": "CZ", "turkey": "TR"}
_COUNTRIES |= {"holland": "NL", "ivory coast": "CI", "macedonia": "MK", "swaziland": "SZ", "burma": "MM", "cape verde": "CV"}


@dataclass(frozen=True)
class Kind:
    """The type of a column and, for dates, how they are written.

    Args:
        type: What it holds.
        format: How its dates are written; None for other types, and where that is still to be found out.
    """

    type: ColumnType
    format: DateFormat | None = None

    @classmethod
    def parse(cls, text: str) -> Kind:
        """Return the kind that is written as `number` or `date:DD.MM.YYYY`.

        Raises:
            InvalidInput: If there is no such type or format; names those there are.
        """
        name, _, written = text.partition(":")
        try:
            return cls(ColumnType(name), DateFormat(written) if written else None)
        except ValueError as error:
            types, formats = ", ".join(ColumnType), ", ".join(f"date:{one}" for one in DateFormat)
            raise InvalidInput(f"“{text[:60]}” is not a type of a column.", hint=f"Use {types}; or, for dates, {formats}.") from error

    def __str__(self) -> str:
        """Return the words that `parse` takes."""
        return f"{self.type}:{self.format}" if self.format else str(self.type)

    @property
    def attribute(self) -> AttributeType:
        """The type of the attribute that the column becomes."""
        same = {ColumnType.NUMBER: AttributeType.NUMBER, ColumnType.BOOLEAN: AttributeType.BOOLEAN, ColumnType.DATE: AttributeType.DATE}
        return same.get(self.type, AttributeType.TEXT)

    @property
    def expected(self) -> str:
        """What is wrong with a value that does not fit, as the end of a sentence."""
        words = {
            ColumnType.NUMBER: "is not a number",
            ColumnType.BOOLEAN: "is not true or false",
            ColumnType.DATE: f"is not a date such as {example(self.format or DateFormat.ISO)}",
            ColumnType.COUNTRY: "is not a country such as DE or Germany",
            ColumnType.LANGUAGE: "is not a language such as de or pt-BR",
            ColumnType.TIME_ZONE: "is not a time zone such as Europe/Berlin",
        }
        return words.get(self.type, "can't be kept")


def example(written: DateFormat) -> str:
    """Return a day written this way."""
    text = str(written)
    for letters, digits in _EXAMPLE.items():
        text = text.replace(letters, digits)
    return text


def date_shape(written: DateFormat) -> tuple[str, str]:
    """Return the pattern of a day written this way, with three groups, and which of `y`, `m`, `d` each is."""
    return _SHAPES[written]


def reader(kind: Kind) -> Callable[[str], str | None] | None:
    """Return what turns one text into the one spelling of a name of its kind, or None for kinds that have no names."""
    readers: Mapping[ColumnType, Callable[[str], str | None]] = {
        ColumnType.COUNTRY: country,
        ColumnType.LANGUAGE: language,
        ColumnType.TIME_ZONE: time_zone,
    }
    return readers.get(kind.type)


def country(text: str) -> str | None:
    """Return the two letters of a country (ISO 3166-1 alpha-2), told by them, by three letters or by its name; None for no country."""
    return _countries().get(" ".join(text.split()).casefold())


def language(text: str) -> str | None:
    """Return a language tag as it is written (BCP 47: `pt-BR`, `zh-Hant-TW`), or None for what is none."""
    found = _LANGUAGE.fullmatch(text.strip())
    if not found or found[1].lower() not in _languages():
        return None
    parts = (found[1].lower(), (found[2] or "").title(), (found[3] or "").upper())
    return "-".join(part for part in parts if part)


def time_zone(text: str) -> str | None:
    """Return the name of a time zone as the IANA writes it, or None for what is none."""
    zone = zone_named(text)
    return zone.key if zone else None


@cache
def _countries() -> dict[str, str]:
    import pycountry  # half a second and some megabytes, for the few files that need it

    names = {}
    for one in pycountry.countries:
        for field in ("alpha_2", "alpha_3", "name", "common_name", "official_name"):
            if name := getattr(one, field, ""):
                names[name.casefold()] = one.alpha_2
    return names | _COUNTRIES


@cache
def _languages() -> frozenset[str]:
    import pycountry

    return frozenset(code for one in pycountry.languages for code in (getattr(one, "alpha_2", ""), one.alpha_3) if code)
