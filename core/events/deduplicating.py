"""Leaving out what is reported again: by a crashed sender, a provider that tries again, a page that is loaded twice.

What our own receiver saw is never compared: a person may open or click twice within a second.
"""

from __future__ import annotations

from core.events.event import Drop, DropReason, Event, Step
from core.events.matching import Context, scoped_key
from core.storage.event_words import EventKind


def drop_duplicates(event: Event, context: Context) -> Event | Drop:
    """Keep one `sent` per message, and of events that go by the same key or name the first."""
    message = event.message if event.kind is EventKind.SENT else None
    if message is not None and message.id in context.recorded:
        return _duplicate(event)
    key = scoped_key(event)
    if key is not None and key in context.seen_keys:
        return _duplicate(event)
    if event.report_keys and not context.seen_reports.isdisjoint(event.report_keys):
        return _duplicate(event)
    if message is not None:
        context.recorded.add(message.id)
    if key is not None:
        context.seen_keys.add(key)
    context.seen_reports.update(event.report_keys)
    return event


def _duplicate(event: Event) -> Drop:
    return Drop(DropReason.DUPLICATE, Step.DEDUPLICATE, event.workspace_id)
