"""`delivered`: the recipient's server has it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.events.actions.ledger import UNSETTLED, move
from core.events.actions.means import Means
from core.events.event import Event
from core.messages.states import MessageState


def on_delivered(connection: sa.Connection, events: Sequence[Event], _means: Means) -> None:
    """Set the messages' state; one that has bounced or been complained about since stays so, in whatever order we hear of it."""
    ours = [event.matched.id for event in events if event.message is not None]
    move(connection, ours, from_states=(*UNSETTLED, MessageState.ACCEPTED.value), to=MessageState.DELIVERED)
