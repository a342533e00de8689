"""Reading what providers write: every field may be missing, of another type, or nonsense, and none of that may raise."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parseaddr
from typing import Any

import orjson

from core.providers.webhooks import ProviderEvent, UnreadableReport
from core.storage.event_words import EventKind

# The name under which providers return our own name of a message: a custom argument, a piece of metadata, or a tag `pw_message:…`.
KEY_NAME = "pw_message"
_KEY_NAMES = frozenset({KEY_NAME, "x-postwright-message"})
_KEY_TAG = re.compile(r"pw_message[:=]\s*(\S{1,64})")
_MILLISECONDS = 1e11
_LONGEST_TEXT = 1000
_TAGS_KEPT = 20

Row = Mapping[str, Any]


def rows_of(body: bytes) -> list[Any]:
    """Return what a JSON report holds: the items of a list, or its one object.

    Raises:
        UnreadableReport: If it is neither.
    """
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableReport from error
    if not isinstance(found, list | dict):
        raise UnreadableReport
    return found if isinstance(found, list) else [found]


def malformed() -> ProviderEvent:
    """Return what stands for an item that is none, so that it is counted and the others of its report are read."""
    return ProviderEvent(EventKind.UNKNOWN, properties={"event": "malformed"})


def unknown(word: str) -> dict[str, Any]:
    """Return the properties of an event of a kind we do not know: the provider's word for it."""
    return {"event": word[:100]} if word else {}


def part(row: Any, *names: str) -> Row:
    """Return the object that lies under these names, one below the other; an empty one where there is none."""
    for name in names:
        row = row.get(name) if isinstance(row, dict) else None
    return row if isinstance(row, dict) else {}


def word(row: Row, *names: str) -> str:
    """Return the first of these fields that holds a text or a whole number, as text; empty where none does."""
    for name in names:
        value = row.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool) and value != "":
            return str(value)[:_LONGEST_TEXT]
    return ""


def moment(value: Any) -> datetime | None:
    """Return a point in time: seconds or milliseconds since 1970, as a number or in digits, or ISO 8601 with a zone."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value.strip())
        except ValueError:
            return _since_1970(value)
        return at.astimezone(UTC) if at.tzinfo is not None and at.year > 1 else None
    return _since_1970(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def address(value: Any) -> str:
    """Return the address in “Ann <ann@example.com>”, or in a list of one; of several it can't be told whom they mean."""
    if isinstance(value, list):
        return address(value[0]) if len(value) == 1 else ""
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        return ""
    return parseaddr(value)[1] if "<" in value else value.strip()


def message_key(*places: Any) -> str:
    """Return our own name of a message from where a provider may return it: an object, a list of name and value, or tags."""
    for place in places:
        for name, value in _pairs(place):
            if name.lower() in _KEY_NAMES and isinstance(value, str | int):
                return str(value).strip()[:64]
    return ""


def tags(value: Any) -> dict[str, Any]:
    """Return the tags of a message as properties, without the one that is ours; nothing where there are none."""
    found = [one[:100] for one in (value if isinstance(value, list) else [value]) if isinstance(one, str) and one]
    kept = [one for one in found if not _KEY_TAG.fullmatch(one)][:_TAGS_KEPT]
    return {"tags": kept} if kept else {}


def _pairs(place: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(place, dict):
        yield from place.items()
    elif isinstance(place, str):
        if found := _KEY_TAG.fullmatch(place.strip()):
            yield KEY_NAME, found[1]
    elif isinstance(place, list):
        for one in place:
            if isinstance(one, dict):
                yield str(one.get("name") or one.get("Name") or one.get("key") or ""), one.get("value", one.get("Value"))
            elif isinstance(one, str):
                yield from _pairs(one)


def _since_1970(value: str | float) -> datetime | None:
    try:
        number = float(value)
        return datetime.fromtimestamp(number / 1000 if abs(number) > _MILLISECONDS else number, UTC)
    except (ValueError, OverflowError, OSError):
        return None
