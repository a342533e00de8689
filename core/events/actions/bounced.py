"""`bounced`: the message came back. Only a hard bounce says that the address is no good."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.contacts.suppression.suppression import SuppressionReason
from core.events.actions.blocked import alert_sender
from core.events.actions.ledger import ARRIVED, UNSETTLED, move
from core.events.actions.means import Means
from core.events.event import Event
from core.messages.states import MessageState
from core.storage.event_words import BounceClass

# The delivery loop reports what the provider refused on the spot; everybody else reports what came back later.
_DELIVERY = "delivery"


def on_bounced(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Set the messages' state, suppress the addresses of hard bounces, and tell the sender of blocks."""
    for (reason, at), together in _alike([event for event in events if event.message is not None]).items():
        ids = [event.matched.id for event in together]
        if at is not None:
            move(connection, ids, from_states=UNSETTLED, to=MessageState.REFUSED, reason=reason, at=at)
        else:
            move(connection, ids, from_states=(*UNSETTLED, *ARRIVED), to=MessageState.BOUNCED, reason=reason)
    hard = [event for event in events if event.bounce_class == BounceClass.HARD]
    suppress(connection, hard, means, SuppressionReason.HARD_BOUNCE)
    alert_sender(connection, events)


def suppress(connection: sa.Connection, events: Sequence[Event], means: Means, why: SuppressionReason) -> None:
    """Suppress the addresses the events are about, workspace by workspace."""
    addresses: dict[int, set[str]] = defaultdict(set)
    for event in events:
        if event.address:
            addresses[event.workspace_id].add(event.address)
    for workspace_id, emails in sorted(addresses.items()):
        means.suppressions.add_in(connection, workspace_id, sorted(emails), why, f"event:{events[0].kind}")


def _alike(events: Sequence[Event]) -> dict[tuple[str, datetime | None], list[Event]]:
    """Return events by their reason, and those of our own delivery also by when: all of a chunk happened at once."""
    together: dict[tuple[str, datetime | None], list[Event]] = defaultdict(list)
    for event in events:
        together[event.reason or "bounced", event.at if event.source == _DELIVERY else None].append(event)
    return together
