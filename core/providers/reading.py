"""What the readers of reports share: getting words and moments out of JSON that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from core.providers.webhooks import ProviderEvent, UnreadableReport
from core.storage.event_words import EventKind

# The name under which every provider gives our message key back: a custom argument, a user variable, metadata, a tag.
MESSAGE_NAME = "pw_message"

_KEY = re.compile(r"[0-9]{1,18}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[^\s<>()\[\];:,\"']+@[^\s<>()\[\];:,\"']+")
_LONGEST_REASON = 500
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that is the year 5138


def json_of(body: bytes | str) -> Any:
    """Return what a JSON text says.

    Raises:
        UnreadableReport: If it is none.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableReport from error


def events_of(body: bytes, read: Callable[[dict[str, Any]], ProviderEvent]) -> list[ProviderEvent]:
    """Return the events of a report that is an object, or a list of them; what is no object in a list is kept as malformed.

    Args:
        body: The report.
        read: Reads one of its objects.

    Raises:
        UnreadableReport: If it is neither.
    """
    found = json_of(body)
    if type(found) is dict:
        return [read(found)]
    if type(found) is not list:
        raise UnreadableReport
    return [read(row) if type(row) is dict else malformed() for row in found]


def malformed() -> ProviderEvent:
    """Return what stands for an item nobody can read: it is counted, and does not lose its neighbours."""
    return ProviderEvent(EventKind.UNKNOWN, properties={"malformed": True})


def word(row: Mapping[str, Any], name: str) -> str:
    """Return a text or a whole number as text, empty where there is neither."""
    value = row.get(name)
    return value if type(value) is str else str(value) if type(value) is int else ""


def part(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object inside an object, empty where there is none."""
    value = row.get(name)
    return value if type(value) is dict else {}


def items(row: Mapping[str, Any], name: str) -> list[Any]:
    """Return a list inside an object, empty where there is none."""
    value = row.get(name)
    return value if type(value) is list else []


def at_seconds(value: object) -> datetime | None:
    """Return a moment given in seconds (or milliseconds) since 1970, as a number or its text, None if it is none."""
    if type(value) is str:
        try:
            value = float(value)
        except ValueError:
            return None
    if type(value) is not int and type(value) is not float:
        return None
    try:
        return datetime.fromtimestamp(value / 1000 if value >= _MILLISECONDS_FROM else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def at_iso(value: object) -> datetime | None:
    """Return a moment written as ISO 8601 with its zone, None if it is none."""
    if type(value) is not str:
        return None
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None


def bare_id(message_id: str) -> str:
    """Return a Message-ID without its angle brackets."""
    return message_id.strip("<> ")


def full_id(message_id: str) -> str:
    """Return a Message-ID with its angle brackets, empty where there is none."""
    bare = bare_id(message_id)
    return f"<{bare}>" if bare else ""


def reason(*texts: str) -> str:
    """Return the first text that says something, without the addresses mail servers like to repeat in it."""
    said = next((text for text in texts if text), "")[:_LONGEST_REASON]
    return _ADDRESS.sub("…", said).strip() if "@" in said else said.strip()


def message_key(value: object) -> str:
    """Return our message key from what a provider gives back: an object, its JSON, or `pw_message:<key>`."""
    if type(value) is str and value.startswith("{"):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return ""
    if type(value) is dict:
        return word(value, MESSAGE_NAME)
    if type(value) is str:
        name, _, key = value.partition(":")
        return key.strip() if name.strip() == MESSAGE_NAME else ""
    return ""


def ours(text: str) -> str:
    """Return a text that looks like a message key of ours, else an empty one: what others write there names no single message."""
    return text if _KEY.fullmatch(text) else ""


def kept(**properties: object) -> dict[str, Any]:
    """Return those properties that say something, as short texts and numbers only."""
    return {
        name: value[:_LONGEST_REASON] if isinstance(value, str) else value
        for name, value in properties.items()
        if value not in (None, "") and isinstance(value, str | int | float)
    }
