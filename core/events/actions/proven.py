"""Somebody opened, clicked, bought or unsubscribed: whatever the ledger knows, that message has arrived."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.events.actions.ledger import UNSETTLED, locked
from core.events.actions.sent import settle_accepted
from core.events.event import Event
from core.storage.event_words import EventKind

PROOFS = frozenset({EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED, EventKind.CONVERTED})


def settle_proven(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Settle messages whose sender died after they left: their readers are the only ones who know.

    Without this a reader who unsubscribes from such a message would be noted as left out of it, or be sent it again.
    Their `sent` facts, which died with the sender, are reported again by the sweeper (`Delivery.report_again`).
    """
    proven = [event for event in events if event.kind in PROOFS and event.matched.state in UNSETTLED]
    for _ in locked(connection, [event.matched.id for event in proven]):
        pass  # every row is locked, in order, before the first is changed
    settle_accepted(connection, proven)
