"""`rejected` and `failed`: the provider took the message, and then never sent it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from core.contacts.suppression.suppression import SuppressionReason
from core.events.actions.blocked import alert_sender
from core.events.actions.bounced import suppress
from core.events.actions.ledger import UNSETTLED, move
from core.events.actions.means import Means
from core.events.event import Event
from core.messages.states import MessageState
from core.storage.event_words import BounceClass


def on_rejected(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Set the messages' state, suppress the addresses the provider knows to be no good, and tell the sender of blocks."""
    together: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if event.message is not None:
            together[event.reason or str(event.kind)].append(event.matched.id)
    for reason, ids in together.items():
        move(connection, ids, from_states=(*UNSETTLED, MessageState.ACCEPTED.value), to=MessageState.REFUSED, reason=reason)
    hard = [event for event in events if event.bounce_class == BounceClass.HARD]
    suppress(connection, hard, means, SuppressionReason.HARD_BOUNCE)
    alert_sender(connection, events)
