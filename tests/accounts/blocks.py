"""A mailbox provider that blocks messages, for walks through every door."""

from __future__ import annotations

import sqlalchemy as sa

from core.app import Services
from core.events.tables import sender_alerts


def blocked(services: Services, workspace_id: int, campaign_id: int) -> int:
    """Return the alert of a campaign some of whose messages were blocked."""
    now = services.clock.now()
    row = {"workspace_id": workspace_id, "campaign_id": campaign_id, "kind": "blocked", "domain": "example.com", "count": 3}
    row |= {"reason": "5.7.1", "first_at": now, "last_at": now}
    with services.db.transaction() as connection:
        return int(connection.execute(sa.insert(sender_alerts).values(**row)).inserted_primary_key[0])
