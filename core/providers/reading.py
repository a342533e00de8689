"""What the readers of reports share: getting words and moments out of JSON that may hold anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import orjson

from core.providers.plain_words import plain
from core.providers.webhooks import ProviderEvent, UnreadableReport
from core.storage.event_words import EventKind

# The name under which every provider gives our message key back: a custom argument, a user variable, metadata, a tag.
MESSAGE_NAME = "pw_message"

# A few bytes, compressed, can say millions of things. No provider puts more into a report: the largest batches hold 10,000
# events of some 20 values.
MOST_EVENTS, MOST_VALUES = 50_000, 1_000_000
# What is read before anybody knows who wrote it: Mailgun and Amazon SNS sign inside one event or message.
UNPROVED_BYTES = 1024 * 1024

_KEY = re.compile(r"[0-9]{1,18}-[0-9a-f]{12}")
_ADDRESS = re.compile(r"[^\s<>()\[\];:,\"']+@[^\s<>()\[\];:,\"']+")
_LONGEST_REASON = 500
_MILLISECONDS_FROM = 100_000_000_000  # as seconds that is the year 5138


def json_of(body: bytes | str, *, most_bytes: int | None = None) -> Any:
    """Return what a JSON text says.

    Args:
        body: The text.
        most_bytes: How long it may be; `UNPROVED_BYTES` where nobody knows yet who wrote it.

    Raises:
        UnreadableReport: If it is none, or longer, or holds more values than `MOST_VALUES`.
    """
    if (most_bytes is not None and len(body) > most_bytes) or holds_too_much(body):
        raise UnreadableReport
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise UnreadableReport from error


def holds_too_much(body: bytes | str) -> bool:
    """Return whether a JSON text may hold more values than `MOST_VALUES`: each list, object and comma may stand for one."""
    marks = (",", "[", "{")
    values = sum(map(body.count, marks)) if isinstance(body, str) else sum(body.count(mark.encode()) for mark in marks)
    return values > MOST_VALUES


def rows_of(body: bytes) -> list[Any]:
    """Return what a JSON report holds: the items of a list, or its one object.

    Raises:
        UnreadableReport: If it is neither.
    """
    found = json_of(body)
    if type(found) is dict:
        return [found]
    if type(found) is not list:
        raise UnreadableReport
    return found


def bounded(events: Iterable[ProviderEvent]) -> list[ProviderEvent]:
    """Return the events of one report.

    Raises:
        UnreadableReport: If they are more than `MOST_EVENTS`; no more than that are made.
    """
    found = list(islice(events, MOST_EVENTS + 1))
    if len(found) > MOST_EVENTS:
        raise UnreadableReport
    return found


def events_of(body: bytes, read: Callable[[dict[str, Any]], ProviderEvent]) -> list[ProviderEvent]:
    """Return the events of a report that is an object, or a list of them; what is no object in a list is kept as malformed.

    Args:
        body: The report.
        read: Reads one of its objects.

    Raises:
        UnreadableReport: If it is neither, or holds too many.
    """
    return bounded(read(row) if type(row) is dict else malformed() for row in rows_of(body))


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
    said = plain(next((text for text in texts if text), "")[:_LONGEST_REASON])
    return _ADDRESS.sub("…", said).strip() if "@" in said else said.strip()


def message_key(value: object) -> str:
    """Return our message key from what a provider gives back: an object, its JSON, or `pw_message:<key>`."""
    if type(value) is str and value.startswith("{"):
        try:
            value = json_of(value)
        except UnreadableReport:
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
    """Return those properties that say something, as short and plain texts and numbers only."""
    return {
        name: plain(value[:_LONGEST_REASON]) if isinstance(value, str) else value
        for name, value in properties.items()
        if value not in (None, "") and isinstance(value, str | int | float)
    }
