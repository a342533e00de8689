"""The closed vocabulary of events; free of pyarrow, so that the receiver may speak it."""

from __future__ import annotations

from enum import StrEnum


class EventKind(StrEnum):
    """What happened."""

    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    FAILED = "failed"
    OPENED = "opened"
    CLICKED = "clicked"
    UNSUBSCRIBED = "unsubscribed"
    COMPLAINED = "complained"
    SUBSCRIBED = "subscribed"
    CONVERTED = "converted"
    REPLIED = "replied"
    PAGE_VIEWED = "page_viewed"
    CUSTOM = "custom"
    UNKNOWN = "unknown"


class Actor(StrEnum):
    """Who did it: a person, a proxy that acts for a person's open, or a machine."""

    HUMAN = "human"
    PROXY = "proxy"
    MACHINE = "machine"


class BounceClass(StrEnum):
    """Why a message came back; only HARD suppresses the address."""

    HARD = "hard"
    SOFT = "soft"
    BLOCK = "block"
    UNKNOWN = "unknown"


class EventClass(StrEnum):
    """The lake's two halves: what we did, and what people did."""

    SENT = "sent"
    ENGAGED = "engaged"


SENT_KINDS = frozenset(
    {
        EventKind.QUEUED,
        EventKind.SENT,
        EventKind.DELIVERED,
        EventKind.DEFERRED,
        EventKind.BOUNCED,
        EventKind.REJECTED,
        EventKind.FAILED,
    }
)


def event_class(kind: EventKind) -> EventClass:
    """Return which half of the lake an event belongs to."""
    return EventClass.SENT if kind in SENT_KINDS else EventClass.ENGAGED
