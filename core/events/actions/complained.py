"""`complained`: the person pressed "spam". Nobody writes to this address again, also when it is not suppressed any more."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.contacts.suppression.suppression import SuppressionReason
from core.events.actions.bounced import suppress
from core.events.actions.ledger import ARRIVED, UNSETTLED, move
from core.events.actions.means import Means
from core.events.actions.unsubscribed import withdraw
from core.events.event import Event
from core.messages.states import MessageState


def on_complained(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Set the messages' state, suppress the addresses and withdraw consent."""
    move(
        connection,
        [event.matched.id for event in events if event.message is not None],
        from_states=(*UNSETTLED, *ARRIVED, MessageState.BOUNCED.value),
        to=MessageState.COMPLAINED,
    )
    suppress(connection, events, means, SuppressionReason.COMPLAINT)
    withdraw(connection, events, means, "complaint")
