"""Somebody opened, clicked, bought or unsubscribed, or the provider says so: whatever the ledger knows, that message has arrived."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.events.actions.ledger import CAME_BACK, UNSETTLED, locked
from core.events.actions.sent import settle_accepted
from core.events.event import Event
from core.storage.event_words import EventKind

PROOFS = frozenset({EventKind.DELIVERED, EventKind.OPENED, EventKind.CLICKED, EventKind.UNSUBSCRIBED, EventKind.CONVERTED})


def settle_proven(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Settle messages whose sender died after they left: their readers, and the provider, are the only ones who know.

    Without this a reader who unsubscribes from such a message would be noted as left out of it, or be sent it again.
    Their `sent` facts, which died with the sender, are reported again by the sweeper (`Delivery.report_again`).
    """
    proven = [event for event in events if event.kind in PROOFS and _is_open(event)]
    for _ in locked(connection, [event.matched.id for event in proven]):
        pass  # every row is locked, in order, before the first is changed
    settle_accepted(connection, proven)


def _is_open(event: Event) -> bool:
    """Return whether the ledger lacks something; a message may bounce before its reader is heard of, in whatever order they come."""
    message = event.matched
    return message.state in UNSETTLED or (message.state in CAME_BACK and not message.is_accepted)
