"""The shape of a journal line: what a process knows at the moment something happens, before anything is looked up."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict

from core.clock import utc
from core.storage.event_words import BounceClass, EventKind


class EventRecord(TypedDict, total=False):
    """One journal line; every field but `kind`, `at` and `source` may be missing."""

    kind: str
    at: str
    received_at: str
    workspace_id: int
    recipient: str
    message_key: str
    source: str
    message_id: int
    link_id: int
    provider: str
    provider_event_id: str
    provider_message_id: str
    bounce_class: str
    reason: str
    ip: str
    user_agent: str
    method: str
    value: float
    currency: str
    key: str
    properties: dict[str, object]


def event_record(kind: EventKind, at: datetime, source: str, **known: object) -> EventRecord:
    """Return a journal line.

    Args:
        kind: What happened.
        at: When, aware.
        source: Which process saw it ("receiver", "delivery").
        known: Further fields of `EventRecord`; those that are None or empty are left out. `key` marks an event that
            may be reported twice: the ingester keeps the first one of each key.
    """
    record: EventRecord = {"kind": kind.value, "at": utc(at).isoformat(timespec="microseconds"), "source": source}
    for name, value in known.items():
        if value is not None and value != "":
            record[name] = value.value if isinstance(value, BounceClass) else value  # type: ignore[literal-required]
    return record
