"""The numbers of one campaign, from its events as they stand now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from core.analytics.metrics import SELECT_METRICS, rates
from core.analytics.models import HourPoint, LinkRow, Money
from core.analytics.moments import QUARTER, by_hour, by_quarter
from core.events.facts import FACTS_SQL
from core.links.registry import Link
from core.storage.engine import Session

_PEOPLE = "actor in ('human', 'proxy')"
_MACHINE = "actor = 'machine'"
_FIRSTS = {"sent": "sent_at", "unique_opens": "first_open_at", "unique_clicks": "first_click_at", "unsubscribes": "unsubscribed_at"}
_ACTIVITY = f"""
    select {QUARTER.format(column="occurred_at")} as quarter,
        count(case when kind = 'opened' and {_PEOPLE} then 1 end) as opens,
        count(case when kind = 'clicked' and {_PEOPLE} then 1 end) as clicks,
        count(case when kind = 'opened' and {_MACHINE} then 1 end) as machine_opens,
        count(case when kind = 'clicked' and {_MACHINE} then 1 end) as machine_clicks
    from events
    where campaign_id = $campaign_id and coalesce(contact_id, visitor) is not null and kind in ('opened', 'clicked')
    group by quarter
"""
_LINKS = f"""
    select link_id, min(url) as url,
        count(distinct case when {_PEOPLE} then coalesce(contact_id, -visitor) end) as unique_clicks,
        count(case when {_PEOPLE} then 1 end) as clicks,
        count(case when {_MACHINE} then 1 end) as machine_clicks
    from events
    where campaign_id = $campaign_id and coalesce(contact_id, visitor) is not null and kind = 'clicked' and link_id > 0
    group by link_id
"""
_REVENUES = """
    select coalesce(currency, '') as currency, coalesce(sum(value), 0)::double as amount, count(*) as conversions
    from events
    where campaign_id = $campaign_id and coalesce(contact_id, visitor) is not null and kind = 'converted'
    group by 1
    order by amount desc, 1
"""


class CampaignNumbers:
    """Reads one campaign; the facts of its recipients are worked out once and asked again.

    Args:
        session: A session over the campaign's events.
        campaign_id: The campaign.
    """

    def __init__(self, session: Session, campaign_id: int) -> None:
        self._session, self._values = session, {"campaign_id": campaign_id}
        session.add_table("people", session.table(FACTS_SQL, self._values))

    def totals(self) -> dict[str, Any]:
        """Return every metric and rate of the whole campaign, with revenue by currency."""
        counted = self._session.rows(f"select {SELECT_METRICS} from people")[0]
        revenues = tuple(Money(**row) for row in self._session.rows(_REVENUES, self._values))
        return counted | rates(counted) | {"revenues": revenues}

    def by_variant(self) -> dict[int | None, dict[str, Any]]:
        """Return every metric by variant; recipients without one under None."""
        found = self._session.rows(f"select variant_id, {SELECT_METRICS} from people group by variant_id")
        return {row.pop("variant_id"): row for row in found}

    def hours(self, zone: ZoneInfo) -> tuple[HourPoint, ...]:
        """Return what happened by hour of the zone."""
        quarters = by_quarter(self._session, "people", _FIRSTS) + self._session.rows(_ACTIVITY, self._values)
        return tuple(HourPoint(hour.astimezone(zone), **counts) for hour, counts in by_hour(quarters, zone).items())

    def links(self, registered: Sequence[Link]) -> tuple[LinkRow, ...]:
        """Return what each link came to: the registered ones in order, then clicked ones that are registered no more."""
        clicked = {row.pop("link_id"): row for row in self._session.rows(_LINKS, self._values)}
        rows = [
            LinkRow(**({"link_id": link.id} | clicked.pop(link.id, {}) | {"url": link.url, "position": link.position}))
            for link in registered
        ]
        return (
            *rows,
            *(LinkRow(link_id=link_id, position=None, **(row | {"url": row["url"] or ""})) for link_id, row in sorted(clicked.items())),
        )
