"""Finding again in a report what was given along with a message, and reading what is written in more than one way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from core.providers.reading import MESSAGE_NAME, at_iso, at_seconds, word

_KEY_NAMES = frozenset({MESSAGE_NAME, "x-postwright-message"})
_KEY_TAG = re.compile(rf"{MESSAGE_NAME}[:=]\s*(\S{{1,64}})")
_LONGEST_ADDRESS, _LONGEST_TAG = 320, 100
_TAGS_KEPT = 20

Row = Mapping[str, Any]


def first(row: Row, *names: str) -> str:
    """Return the first of these fields that says something, as text; empty where none does."""
    return next((said for name in names if (said := word(row, name))), "")


def moment(value: object) -> datetime | None:
    """Return a point in time: ISO 8601 with a zone, or seconds or milliseconds since 1970; None if it is none."""
    return at_iso(value) or at_seconds(value)


def address(value: object) -> str:
    """Return the address in “Ann <ann@example.com>”, or in a list of one; of several it can't be told who is meant."""
    if isinstance(value, list):
        return address(value[0]) if len(value) == 1 else ""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS:
        return ""
    return parseaddr(value)[1] if "<" in value else value.strip()


def returned_key(*places: object) -> str:
    """Return our own name of a message from where a provider may return it: an object, a list of name and value, or tags."""
    for place in places:
        for name, value in _pairs(place):
            if name.lower() in _KEY_NAMES and isinstance(value, str):
                return value.strip()[:64]
    return ""


def returned_tags(value: object) -> dict[str, Any]:
    """Return the tags of a message as properties, without the one that is ours; nothing where there are none."""
    found = [one[:_LONGEST_TAG] for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    others = [one for one in found if not _KEY_TAG.fullmatch(one)][:_TAGS_KEPT]
    return {"tags": others} if others else {}


def _pairs(place: object) -> Iterator[tuple[str, Any]]:
    if isinstance(place, dict):
        yield from place.items()
    elif isinstance(place, str):
        if found := _KEY_TAG.fullmatch(place.strip()):
            yield MESSAGE_NAME, found[1]
    elif isinstance(place, list):
        for one in place:
            if isinstance(one, dict):
                yield first(one, "name", "Name", "key"), one.get("value", one.get("Value"))
            elif isinstance(one, str):
                yield from _pairs(one)
