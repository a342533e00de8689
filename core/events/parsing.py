"""From a journal line to an event: every field is checked here, so that no later step meets a surprise."""

from __future__ import annotations

import math
from collections.abc import Mapping
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
_TEXT_LIMIT = 500
_LARGEST_ID = 2**63 - 1


def parse(file: str, offset: int, record: Mapping[str, Any] | None) -> Event | Drop:
    """Return the event of a journal line.

    Args:
        file: The journal file's name.
        offset: The byte at which the line begins; with the name it makes the event's id.
        record: The line's JSON object, None if it is none.
    """
    if record is None:
        return Drop(DropReason.UNREADABLE, Step.PARSE)
    at = moment(record.get("at"))
    if at is None:
        return Drop(DropReason.INVALID, Step.PARSE)
    properties, ip = record.get("properties"), text(record.get("ip"))
    return Event(
        event_id=stable_id(file, offset),
        kind=_KINDS.get(str(record.get("kind")), EventKind.UNKNOWN),
        at=at,
        received_at=at,
        source=text(record.get("source")) or "",
        workspace_id=number_id(record.get("workspace_id")) or 0,
        message_id=number_id(record.get("message_id")),
        link_id=number_id(record.get("link_id")),
        provider=text(record.get("provider")),
        provider_event_id=text(record.get("provider_event_id")),
        provider_message_id=text(record.get("provider_message_id")),
        bounce_class=_bounce_class(record.get("bounce_class")),
        reason=text(record.get("reason")),
        recipient=text(record.get("recipient")),
        ip=ip,
        ip_prefix=ip_prefix(ip),
        user_agent=text(record.get("user_agent")),
        method=text(record.get("method")),
        value=_number(record.get("value")),
        currency=text(record.get("currency")),
        key=text(record.get("key")),
        properties=as_json(properties) if isinstance(properties, dict) else None,
    )


def as_json(properties: Mapping[str, Any]) -> str | None:
    """Return further properties as the lake keeps them, None where there are none."""
    return orjson.dumps(properties).decode() if properties else None


@lru_cache(maxsize=65_536)
def ip_prefix(address: str | None) -> str | None:
    """Return the network an address belongs to, coarse enough not to name a household: /24 for IPv4, /48 for IPv6."""
    if not address:
        return None
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
    return moment.astimezone(UTC) if moment.tzinfo is not None else None


def number_id(value: object) -> int | None:
    """Return the number of a row, None if it can't be one."""
    return value if type(value) is int and 0 < value <= _LARGEST_ID else None


def text(value: object) -> str | None:
    """Return a text as the lake and the database can hold it, None if there is none."""
    if not isinstance(value, str):
        return None
    # PostgreSQL's text can't hold NUL, and no name or reason needs one.
    return value[:_TEXT_LIMIT].replace("\x00", "") or None


def _bounce_class(value: object) -> str | None:
    if value is None:
        return None
    return value if isinstance(value, str) and value in _BOUNCE_CLASSES else BounceClass.UNKNOWN.value


def _number(value: object) -> float | None:
    if type(value) is not int and type(value) is not float:
        return None
    return float(value) if math.isfinite(value) else None
