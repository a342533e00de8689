"""What a sender should look at: mailbox providers that block their mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import NotFound
from core.events.tables import sender_alerts
from core.messages.reading import SeenCampaigns
from core.permissions import Permission, Principal
from core.storage.database import Database

# Older ones say nothing about today's sending any more.
_FRESH = timedelta(days=30)
_MOST = 20
_a = sender_alerts.c


@dataclass(frozen=True)
class SenderAlert:
    """A mailbox provider that blocks messages.

    Args:
        id: Its number.
        campaign_id: Whose messages; None for messages of no campaign.
        domain: The recipients' domain; may be empty.
        count: How many were blocked.
        reason: What the last refusal said; may be empty.
        first_at: When it began.
        last_at: When it happened last.
    """

    id: int
    campaign_id: int | None
    domain: str
    count: int
    reason: str
    first_at: datetime
    last_at: datetime


class Alerts:
    """Shows and dismisses alerts, of the campaigns somebody may see.

    Args:
        db: The database.
        clock: The time.
        seen: Which campaigns somebody may see.
    """

    def __init__(self, db: Database, clock: Clock, seen: SeenCampaigns) -> None:
        self._db, self._clock, self._seen = db, clock, seen

    def open(self, by: Principal, campaign_id: int | None = None) -> list[SenderAlert]:
        """Return what nobody has dismissed yet, the latest first.

        Args:
            by: Who asks.
            campaign_id: Only this campaign's.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        fresh = _a.last_at >= self._clock.now() - _FRESH
        with self._db.read() as connection:
            wanted = [*self._mine(connection, by), _a.dismissed_at.is_(None), fresh]
            if campaign_id is not None:
                wanted.append(_a.campaign_id == campaign_id)
            columns = (_a.id, _a.campaign_id, _a.domain, _a.count.label("number"), _a.reason, _a.first_at, _a.last_at)
            rows = connection.execute(sa.select(*columns).where(*wanted).order_by(_a.last_at.desc(), _a.id).limit(_MOST)).all()
        return [SenderAlert(row[0], row[1] or None, *row[2:]) for row in rows]

    def dismiss(self, by: Principal, alert_id: int) -> None:
        """Put an alert away; the next block brings it up again.

        Raises:
            NotFound: If there is no such alert, or it is of a campaign `by` may not see.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        with self._db.transaction() as connection:
            mine = sa.update(sender_alerts).where(*self._mine(connection, by), _a.id == alert_id)
            if not connection.execute(mine.values(dismissed_at=self._clock.now())).rowcount:
                raise NotFound("This alert does not exist any more.")
            record(connection, self._clock.now(), by, AuditAction.ALERT_DISMISSED, f"alert:{alert_id}")

    def _mine(self, connection: sa.Connection, by: Principal) -> list[sa.ColumnElement[bool]]:
        seen = self._seen(connection, by)
        mine = [_a.workspace_id == by.workspace_id]
        return mine if seen is None else [*mine, _a.campaign_id.in_(list(seen))]
