"""Leaving out what is reported again: by a crashed sender, a provider that tries again, a page that is loaded twice."""

from __future__ import annotations

from core.events.event import Drop, DropReason, Event, Step
from core.events.matching import Context, scoped_key
from core.storage.event_words import EventKind


def drop_duplicates(event: Event, context: Context) -> Event | Drop:
    """Keep one `sent` per message, and of events with a key the first."""
    if event.kind is EventKind.SENT and event.message is not None:
        if event.message.id in context.recorded:
            return Drop(DropReason.DUPLICATE, Step.DEDUPLICATE, event.workspace_id)
        context.recorded.add(event.message.id)
    key = scoped_key(event)
    if key is not None:
        if key in context.seen_keys:
            return Drop(DropReason.DUPLICATE, Step.DEDUPLICATE, event.workspace_id)
        context.seen_keys.add(key)
    return event
