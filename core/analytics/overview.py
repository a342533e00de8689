"""The numbers of a workspace: what was sent in some days, and what came of it until now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.analytics.metrics import SELECT_METRICS, rates
from core.analytics.models import CampaignRow, DayPoint, Overview, Totals
from core.analytics.moments import by_day, by_quarter, midnight
from core.storage.engine import AnalyticsEngine, Session

MOST_CAMPAIGNS = 10
_MOMENTS = {"sent": "sent_at", "unique_opens": "first_open_at", "unique_clicks": "first_click_at", "unsubscribes": "unsubscribed_at"}
_BY_PERIOD = f"select sent_at >= $since as is_current, {SELECT_METRICS} from facts where sent_at >= $before group by is_current"
_RECENT = """
    select campaign_id from facts where sent_at >= $since group by campaign_id order by max(sent_at) desc, campaign_id desc limit $row_limit
"""
_BY_CAMPAIGN = f"""
    select campaign_id, max(sent_at) as last_sent_at, {SELECT_METRICS} from facts
    where list_contains($campaign_ids, campaign_id)
    group by campaign_id
"""


def overview(
    engine: AnalyticsEngine, workspace_id: int, days: int, now: datetime, zone: ZoneInfo, only_campaigns: Collection[int] | None = None
) -> Overview:
    """Return the overview of the last days, today included.

    Args:
        engine: Where questions are answered.
        workspace_id: Whose numbers.
        days: How many days, at least 1.
        now: The time.
        zone: Whose days.
        only_campaigns: What is counted; None for every campaign.
    """
    today = now.astimezone(zone).date()
    every_day = [today - timedelta(days=number) for number in reversed(range(days))]
    since, before = midnight(every_day[0], zone), midnight(every_day[0] - timedelta(days=days), zone)
    with engine.session(workspace_id, since=before, only_campaigns=only_campaigns) as session:
        by_period = {row.pop("is_current"): row for row in session.rows(_BY_PERIOD, {"since": since, "before": before})}
        daily = by_day(by_quarter(session, "facts", _MOMENTS, since), zone, every_day)
        recent = session.rows(_RECENT, {"since": since, "row_limit": MOST_CAMPAIGNS})
        rows = campaign_rows(session, [row["campaign_id"] for row in recent])
    return Overview(
        days=days,
        since=since,
        totals=_totals(by_period.get(True)),
        previous_totals=_totals(by_period.get(False)),
        daily=tuple(DayPoint(day, **counts) for day, counts in daily.items()),
        campaigns=tuple(rows.values()),
        timezone=zone.key,
    )


def campaign_rows(session: Session, campaign_ids: Sequence[int]) -> dict[int, CampaignRow]:
    """Return a row for each of these campaigns, in their order; one that sent nothing has zeros."""
    found = session.rows(_BY_CAMPAIGN, {"campaign_ids": list(campaign_ids)}) if campaign_ids else []
    known = {row.pop("campaign_id"): row for row in found}
    return {campaign_id: _campaign_row(campaign_id, known.get(campaign_id)) for campaign_id in campaign_ids}


def _campaign_row(campaign_id: int, counted: dict[str, Any] | None) -> CampaignRow:
    last_sent_at = counted.pop("last_sent_at") if counted else None
    return CampaignRow(campaign_id, _totals(counted), last_sent_at)


def _totals(counted: dict[str, Any] | None) -> Totals:
    return Totals(**counted, **rates(counted)) if counted else Totals()
