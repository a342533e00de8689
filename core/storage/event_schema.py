"""The lake's closed vocabulary and row schema: every event, once and for ever, in these columns."""

from __future__ import annotations

from enum import StrEnum

import pyarrow as pa


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

_US = pa.timestamp("us", tz="UTC")

EVENT_SCHEMA = pa.schema(
    [
        ("event_id", pa.int64()),
        ("workspace_id", pa.int64()),
        ("kind", pa.string()),
        ("occurred_at", _US),
        ("received_at", _US),
        ("message_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("automation_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("contact_id", pa.int64()),
        ("recipient", pa.string()),
        ("recipient_domain", pa.string()),
        ("link_id", pa.int64()),
        ("url", pa.string()),
        ("provider", pa.string()),
        ("provider_event_id", pa.string()),
        ("provider_message_id", pa.string()),
        ("actor", pa.string()),
        ("actor_reason", pa.string()),
        ("bounce_class", pa.string()),
        ("reason", pa.string()),
        ("user_agent", pa.string()),
        ("client", pa.string()),
        ("device", pa.string()),
        ("ip_prefix", pa.string()),
        ("country", pa.string()),
        ("value", pa.float64()),
        ("currency", pa.string()),
        ("properties", pa.string()),
    ]
)

# One row per campaign and recipient: what the events of that pair come to.
FACT_SCHEMA = pa.schema(
    [
        ("workspace_id", pa.int64()),
        ("campaign_id", pa.int64()),
        ("contact_id", pa.int64()),
        ("variant_id", pa.int64()),
        ("sent_at", _US),
        ("bounced_at", _US),
        ("bounce_class", pa.string()),
        ("opens", pa.int32()),
        ("first_open_at", _US),
        ("machine_opens", pa.int32()),
        ("clicks", pa.int32()),
        ("first_click_at", _US),
        ("machine_clicks", pa.int32()),
        ("unsubscribed_at", _US),
        ("complained_at", _US),
        ("conversions", pa.int32()),
        ("revenue", pa.float64()),
    ]
)


def event_class(kind: EventKind) -> EventClass:
    """Return which half of the lake an event belongs to."""
    return EventClass.SENT if kind in SENT_KINDS else EventClass.ENGAGED
