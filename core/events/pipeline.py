"""The way of every event: a list of steps, each of which passes it on or says why it is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.events.client import describe_client
from core.events.event import Drop, DropReason, Event
from core.events.judging import judge_actor
from core.events.matching import Context, scoped_key
from core.storage.event_words import EventKind


@dataclass(frozen=True)
class Sorted:
    """What became of a batch.

    Args:
        kept: The events for the lake, in the order they came.
        dropped: How many were left out, by reason.
    """

    kept: list[Event]
    dropped: Counter[DropReason]


def match_message(event: Event, context: Context) -> Event | Drop:
    """Find the ledger's row, and with it workspace, campaign and contact."""
    event.message = context.messages.get(event.message_id or 0)
    if event.message is None:
        return Drop(DropReason.UNMATCHED)
    if event.link_id is not None:
        event.url = context.urls.get(event.link_id)
    return event


def drop_duplicates(event: Event, context: Context) -> Event | Drop:
    """Keep one `sent` per message, and of events with a key the first."""
    message = event.matched
    if event.kind is EventKind.SENT:
        if message.id in context.recorded:
            return Drop(DropReason.DUPLICATE)
        context.recorded.add(message.id)
    key = scoped_key(event, message)
    if key is not None:
        if key in context.seen_keys:
            return Drop(DropReason.DUPLICATE)
        context.seen_keys.add(key)
    return event


Step = Callable[[Event, Context], Event | Drop]

STEPS: tuple[Step, ...] = (match_message, drop_duplicates, judge_actor, describe_client)


def sort_out(events: Iterable[Event], context: Context) -> Sorted:
    """Send every event through the steps."""
    kept: list[Event] = []
    dropped: Counter[DropReason] = Counter()
    for event in events:
        outcome = _through_steps(event, context)
        if isinstance(outcome, Drop):
            dropped[outcome.reason] += 1
        else:
            kept.append(outcome)
    return Sorted(kept, dropped)


def _through_steps(event: Event, context: Context) -> Event | Drop:
    for step in STEPS:
        outcome = step(event, context)
        if isinstance(outcome, Drop):
            return outcome
        event = outcome
    return event
