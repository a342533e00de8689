"""The one transaction of a batch: journal offsets, manifest rows, effects and counters count together or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from core.events.actions.bounced import on_bounced
from core.events.actions.complained import on_complained
from core.events.actions.delivered import on_delivered
from core.events.actions.means import Action, Means
from core.events.actions.proven import settle_proven
from core.events.actions.rejected import on_rejected
from core.events.actions.sent import on_sent
from core.events.actions.soft_bounces import weigh_soft_bounces
from core.events.actions.unsubscribed import on_unsubscribed
from core.events.event import Event
from core.events.matching import scoped_key
from core.events.settling import note_clicks
from core.events.tables import event_keys, reported_keys, stale_facts
from core.storage.database import insert_numbers, insert_or_ignore, upsert
from core.storage.event_words import EventKind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# In this order: a message is sent before it bounces.
ACTIONS: dict[EventKind, Action] = {
    EventKind.SENT: on_sent,
    EventKind.DELIVERED: on_delivered,
    EventKind.REJECTED: on_rejected,
    EventKind.FAILED: on_rejected,
    EventKind.BOUNCED: on_bounced,
    EventKind.COMPLAINED: on_complained,
    EventKind.UNSUBSCRIBED: on_unsubscribed,
}


def record_kept(connection: sa.Connection, events: Sequence[Event], means: Means, now: datetime) -> None:
    """Let events count that got to the lake, inside the transaction that lists their files: whenever and however they got there.

    Args:
        connection: The transaction.
        events: The events, each for the first time.
        means: What effects go through.
        now: When.
    """
    apply_effects(connection, events, means)
    remember_keys(connection, events, now)
    mark_stale(connection, events, now)
    note_clicks(connection, events)


def apply_effects(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Let every kind's action do what its events lead to."""
    settle_proven(connection, [event for event in events if event.message is not None])
    together: dict[EventKind, list[Event]] = defaultdict(list)
    for event in events:
        together[event.kind].append(event)
    for kind, action in ACTIONS.items():
        if kind in together:
            action(connection, together[kind], means)
    weigh_soft_bounces(connection, events, means)


def remember_keys(connection: sa.Connection, events: Sequence[Event], now: datetime) -> None:
    """Note the keys of kept events, so that the same event is not kept again."""
    rows = [{"workspace_id": event.workspace_id, "key": scoped_key(event), "seen_at": now} for event in events if event.key]
    insert_or_ignore(connection, event_keys, rows)
    reported = sorted({key for event in events for key in event.report_keys})
    insert_numbers(connection, reported_keys, "key", reported, {"day": (now - _EPOCH).days})


def mark_stale(connection: sa.Connection, events: Sequence[Event], now: datetime) -> None:
    """Note which campaigns' facts are older than their events now."""
    campaigns = {event.campaign_id: event.workspace_id for event in events if event.campaign_id is not None}
    rows = [{"workspace_id": workspace, "campaign_id": campaign, "since": now} for campaign, workspace in sorted(campaigns.items())]
    upsert(connection, stale_facts, rows, key=("campaign_id",), update=("since",))
