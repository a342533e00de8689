"""A block says something about the sender, not about the address: somebody is told, nobody is suppressed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import sqlalchemy as sa

from core.events.event import Event
from core.events.tables import sender_alerts
from core.storage.database import insert_or_ignore
from core.storage.event_words import BounceClass

BLOCKED = "blocked"


def alert_sender(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Count blocks by campaign and recipients' domain; one that was dismissed comes up again with the next block."""
    together: dict[tuple[int, int, str], list[Event]] = defaultdict(list)
    for event in events:
        if event.bounce_class == BounceClass.BLOCK:
            together[event.workspace_id, event.campaign_id or 0, event.recipient_domain or ""].append(event)
    for key, blocks in sorted(together.items()):
        _count(connection, key, blocks)


def _count(connection: sa.Connection, key: tuple[int, int, str], blocks: Sequence[Event]) -> None:
    column, moments = sender_alerts.c, [event.at for event in blocks]
    workspace_id, campaign_id, domain = key
    named = {"workspace_id": workspace_id, "campaign_id": campaign_id, "kind": BLOCKED, "domain": domain}
    first = {"count": 0, "reason": "", "first_at": min(moments), "last_at": max(moments)}
    insert_or_ignore(connection, sender_alerts, [named | first])
    mine = sa.and_(*(column[name] == value for name, value in named.items()))
    known = connection.execute(sa.select(column.first_at, column.last_at, column.reason).where(mine).with_for_update()).one()
    latest = max(blocks, key=lambda event: event.at)
    changed = {
        "count": column.count + len(blocks),
        "first_at": min(known.first_at, *moments),
        "last_at": max(known.last_at, *moments),
        "reason": latest.reason or known.reason,
        "dismissed_at": None,
    }
    connection.execute(sa.update(sender_alerts).where(mine).values(**changed))
