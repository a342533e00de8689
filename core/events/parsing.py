"""From a journal line to an event: every field is checked here, so that no later step meets a surprise."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any

import orjson

from core.events.event import Drop, DropReason, Event, Step
from core.ids import stable_id
from core.storage.event_words import BounceClass, EventKind

_KINDS = {kind.value: kind for kind in EventKind}
_BOUNCE_CLASSES = {bounce.value for bounce in BounceClass}
# What other systems tell us through the API names its message as providers do.
API = "api"
# What people did with the emails of another tool is told by an import.
_TOLD = frozenset({API, "import"})
_TEXT_LIMIT = 500
_LARGEST_ID = 2**63 - 1
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
# `ipaddress` takes 20 times as long, and every hit has an address.
_PLAIN_IPV4 = re.compile(rf"({_OCTET}\.{_OCTET}\.{_OCTET})\.{_OCTET}")
# What nearly every line has; whatever else one holds is looked up in `_RARE`, so that a hit costs no look at fields it lacks.
_USUAL = frozenset({"kind", "at", "source", "message_id", "link_id", "ip", "user_agent", "method", "received_at"})


def parse(file: str, offset: int, record: Mapping[str, Any] | None) -> Event | Drop:
    """Return the event of a journal line.

    Args:
        file: The journal file's name.
        offset: The byte at which the line begins; with the name it makes the event's id.
        record: The line's JSON object, None if it is none.
    """
    if record is None:
        return Drop(DropReason.UNREADABLE, Step.PARSE)
    read = record.get
    at = moment(read("at"))
    if at is None:
        return Drop(DropReason.INVALID, Step.PARSE)
    kind, ip = read("kind"), text(read("ip"))
    event = Event(
        event_id=stable_id(file, offset),
        kind=_KINDS.get(kind, EventKind.UNKNOWN) if isinstance(kind, str) else EventKind.UNKNOWN,
        at=at,
        received_at=moment(record["received_at"]) or at if "received_at" in record else at,
        source=text(read("source")) or "",
        message_id=number_id(read("message_id")),
        link_id=0 if read("link_id") == 0 else number_id(read("link_id")),  # 0 is the hidden link
        ip=ip,
        ip_prefix=ip_prefix(ip),
        user_agent=text(read("user_agent")),
        method=text(read("method")),
    )
    for name in record.keys() - _USUAL:
        if name in _RARE:
            setattr(event, name, _RARE[name](record[name]))
    event.is_reported = event.source in _TOLD and event.workspace_id != 0
    return event


def as_json(properties: Mapping[str, Any]) -> str | None:
    """Return further properties as the lake keeps them, None where there are none."""
    return orjson.dumps(properties).decode() if properties else None


@lru_cache(maxsize=65_536)
def ip_prefix(address: str | None) -> str | None:
    """Return the network an address belongs to, coarse enough not to name a household: /24 for IPv4, /48 for IPv6."""
    if not address:
        return None
    plain = _PLAIN_IPV4.fullmatch(address)
    if plain is not None:
        return f"{plain[1]}.0/24"
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = getattr(parsed, "ipv4_mapped", None)
    network = mapped or parsed
    return str(ip_network(f"{network}/{24 if network.version == 4 else 48}", strict=False))


def moment(value: object) -> datetime | None:
    """Return a moment written as ISO 8601 with its zone, None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC) if moment.tzinfo is not None else None
    except OverflowError:  # at the ends of time it may be beyond them in our zone
        return None


def number_id(value: object) -> int | None:
    """Return the number of a row, None if it can't be one."""
    return value if type(value) is int and 0 < value <= _LARGEST_ID else None


def text(value: object) -> str | None:
    """Return a text as the lake and the database can hold it, None if there is none."""
    if not isinstance(value, str):
        return None
    if len(value) > _TEXT_LIMIT:
        value = value[:_TEXT_LIMIT]
    if value.isascii() and "\x00" not in value:
        return value or None
    # Half a surrogate pair can be kept nowhere, PostgreSQL's text can't hold NUL, and no name or reason needs one.
    return value.encode("utf-8", "replace").decode().replace("\x00", "") or None


def _bounce_class(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) and value in _BOUNCE_CLASSES else BounceClass.UNKNOWN.value


def _number(value: object) -> float | None:
    if type(value) is not int and type(value) is not float:
        return None
    return float(value) if math.isfinite(value) else None


def _properties(value: object) -> str | None:
    return as_json(value) if isinstance(value, dict) else None


def _workspace(value: object) -> int:
    return number_id(value) or 0


_RARE: dict[str, Callable[[Any], object]] = {
    "workspace_id": _workspace,
    "provider": text,
    "provider_event_id": text,
    "provider_message_id": text,
    "bounce_class": _bounce_class,
    "reason": text,
    "recipient": text,
    "message_key": text,
    "value": _number,
    "currency": text,
    "key": text,
    "properties": _properties,
}
