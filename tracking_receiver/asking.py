"""What a request tells about who asks."""

from __future__ import annotations

from typing import Any, NamedTuple

from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from tracking_receiver.parts import Parts

Scope = dict[str, Any]
_USER_AGENT_LIMIT = 500


class Asker(NamedTuple):
    """The client's address and what it calls itself; either may be empty."""

    ip: str
    user_agent: str


def asker(scope: Scope) -> Asker:
    """Return who asks. uvicorn has put the address of `X-Forwarded-For` in place if a trusted proxy sent it."""
    client = scope.get("client")
    for name, value in scope["headers"]:
        if name == b"user-agent":
            return Asker(client[0] if client else "", value[:_USER_AGENT_LIMIT].decode("latin-1"))
    return Asker(client[0] if client else "", "")


def seen(parts: Parts, kind: EventKind, scope: Scope, message_id: int, link_id: int = 0, **known: object) -> EventRecord:
    """Return the journal line of something that happened just now."""
    ip, user_agent = asker(scope)
    return event_record(
        kind,
        parts.clock.now(),
        "receiver",
        message_id=message_id,
        link_id=link_id or None,
        ip=ip,
        user_agent=user_agent,
        method=scope["method"],
        **known,
    )
