"""From events to the lake's rows: one Arrow table per workspace, half of the lake, and month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from core.events.event import Event
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventClass, event_class

ORDER = ("kind", "campaign_id", "contact_id", "occurred_at")


class Shelf(NamedTuple):
    """Where rows are kept together in the lake."""

    workspace_id: int
    event_class: EventClass
    month: str


def shelve(events: Iterable[Event]) -> dict[Shelf, pa.Table]:
    """Return the rows of a batch by where they belong."""
    shelves: dict[Shelf, list[Event]] = defaultdict(list)
    for event in events:
        shelves[Shelf(event.matched.workspace_id, event_class(event.kind), f"{event.at:%Y-%m}")].append(event)
    return {shelf: table_of(together) for shelf, together in shelves.items()}


def table_of(events: Sequence[Event]) -> pa.Table:
    """Return matched events as a table in the lake's schema."""
    columns = [pa.array([_COLUMNS[field.name](event) for event in events], field.type) for field in EVENT_SCHEMA]
    return pa.Table.from_arrays(columns, schema=EVENT_SCHEMA)


def _domain(event: Event) -> str | None:
    email = event.matched.email
    return email.rpartition("@")[2] if email else None


def _nothing(_event: Event) -> None:
    return None


_COLUMNS: dict[str, Callable[[Event], Any]] = {
    "event_id": lambda event: event.event_id,
    "workspace_id": lambda event: event.matched.workspace_id,
    "kind": lambda event: event.kind.value,
    "occurred_at": lambda event: event.at,
    "received_at": lambda event: event.at,
    "message_id": lambda event: event.message_id,
    "campaign_id": lambda event: event.matched.campaign_id,
    "automation_id": _nothing,
    "variant_id": lambda event: event.matched.variant_id,
    "contact_id": lambda event: event.matched.contact_id,
    "recipient": _nothing,  # the contact's id stands for the person, so that one can be erased without rewriting history
    "recipient_domain": _domain,
    "link_id": lambda event: event.link_id,
    "url": lambda event: event.url,
    "provider": lambda event: event.provider,
    "provider_event_id": lambda event: event.provider_event_id,
    "provider_message_id": lambda event: event.provider_message_id,
    "actor": lambda event: event.actor,
    "actor_reason": lambda event: event.actor_reason,
    "bounce_class": lambda event: event.bounce_class,
    "reason": lambda event: event.reason,
    "user_agent": lambda event: event.user_agent,
    "client": lambda event: event.client,
    "device": lambda event: event.device,
    "ip_prefix": lambda event: event.ip_prefix,
    "country": _nothing,
    "value": lambda event: event.value,
    "currency": lambda event: event.currency,
    "properties": lambda event: event.properties,
}
