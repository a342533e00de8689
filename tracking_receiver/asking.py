"""What a request tells about who asks."""

from __future__ import annotations

from typing import Any, NamedTuple

from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from tracking_receiver.parts import Parts

Scope = dict[str, Any]
USER_AGENT_LIMIT = 500


class Asker(NamedTuple):
    """The client's address, what it calls itself (either may be empty), and the method it uses."""

    ip: str
    user_agent: str
    method: str


def asker(scope: Scope) -> Asker:
    """Return who asks. uvicorn has put the address of `X-Forwarded-For` in place if a trusted proxy sent it."""
    client = scope.get("client")
    ip = client[0] if client else ""
    for name, value in scope["headers"]:
        if name == b"user-agent":
            return Asker(ip, value[:USER_AGENT_LIMIT].decode("latin-1"), scope["method"])
    return Asker(ip, "", scope["method"])


def seen(parts: Parts, kind: EventKind, scope: Scope, message_id: int, link_id: int = 0, **known: object) -> EventRecord:
    """Return the journal line of something that happened just now."""
    return seen_by(parts, kind, asker(scope), message_id, link_id, **known)


def seen_by(parts: Parts, kind: EventKind, who: Asker, message_id: int, link_id: int = 0, **known: object) -> EventRecord:
    """Return the journal line of something that somebody did just now."""
    return event_record(
        kind,
        parts.clock.now(),
        "receiver",
        message_id=message_id,
        link_id=link_id if link_id or kind is EventKind.CLICKED else None,  # 0 is the link that people can't see
        ip=who.ip,
        user_agent=who.user_agent,
        method=who.method,
        **known,
    )
