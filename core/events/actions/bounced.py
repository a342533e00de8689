"""`bounced`: the message came back. Only a hard bounce says that the address is no good."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from core.contacts.suppression import SuppressionReason
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
    for reason, together in _by_reason([event for event in events if event.message is not None]).items():
        refused = [event.matched.id for event in together if event.source == _DELIVERY]
        returned = [event.matched.id for event in together if event.source != _DELIVERY]
        move(connection, refused, from_states=UNSETTLED, to=MessageState.REFUSED, reason=reason)
        move(connection, returned, from_states=(*UNSETTLED, *ARRIVED), to=MessageState.BOUNCED, reason=reason)
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


def _by_reason(events: Sequence[Event]) -> dict[str, list[Event]]:
    together: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        together[event.reason or "bounced"].append(event)
    return together
