"""Facts: what the events of one campaign and recipient come to; derived, rebuilt whole, never the truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from core.events.tables import stale_facts
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import FACT_SCHEMA
from core.storage.lake import Dataset, Lake, StagedFile

# People's activity counts, and that of proxies, which fetch because a person opened; machines are counted apart.
# CASE and not FILTER: DuckDB 2.0 aggregates it several times faster.
FACTS_SQL = """
    select workspace_id, campaign_id, contact_id,
        max(variant_id) as variant_id,
        min(case when kind = 'sent' then occurred_at end) as sent_at,
        min(case when kind = 'bounced' then occurred_at end) as bounced_at,
        min(case when kind = 'bounced' then bounce_class end) as bounce_class,
        count(case when kind = 'opened' and actor in ('human', 'proxy') then 1 end)::integer as opens,
        min(case when kind = 'opened' and actor in ('human', 'proxy') then occurred_at end) as first_open_at,
        count(case when kind = 'opened' and actor = 'machine' then 1 end)::integer as machine_opens,
        count(case when kind = 'clicked' and actor in ('human', 'proxy') then 1 end)::integer as clicks,
        min(case when kind = 'clicked' and actor in ('human', 'proxy') then occurred_at end) as first_click_at,
        count(case when kind = 'clicked' and actor = 'machine' then 1 end)::integer as machine_clicks,
        min(case when kind = 'unsubscribed' then occurred_at end) as unsubscribed_at,
        min(case when kind = 'complained' then occurred_at end) as complained_at,
        count(case when kind = 'converted' then 1 end)::integer as conversions,
        coalesce(sum(case when kind = 'converted' then value end), 0)::double as revenue
    from events
    where campaign_id = $campaign_id and (contact_id is not null or visitor is not null)
    group by workspace_id, campaign_id, contact_id, visitor
"""


@dataclass(frozen=True)
class Stale:
    """A campaign whose facts are older than its events."""

    workspace_id: int
    campaign_id: int
    since: datetime


class Facts:
    """Rebuilds the facts of campaigns with new events: one file per campaign, in the month of its first message.

    Args:
        db: The database.
        lake: Where the files go.
        engine: What computes them.
    """

    def __init__(self, db: Database, lake: Lake, engine: AnalyticsEngine) -> None:
        self._db, self._lake, self._engine = db, lake, engine
        self._rebuilt: dict[int, int] = {}
        self._count = 0

    def stale(self) -> list[Stale]:
        """Return the campaigns to rebuild: those first whose turn was longest ago, or events that come all the time would starve some."""
        column = stale_facts.c
        with self._db.read() as connection:
            rows = connection.execute(sa.select(column.workspace_id, column.campaign_id, column.since)).all()
        found = [Stale(row.workspace_id, row.campaign_id, row.since) for row in rows]
        return sorted(found, key=lambda stale: (self._rebuilt.get(stale.campaign_id, 0), stale.since))

    def rebuild(self, stale: Stale, *, guard: Callable[[sa.Connection], None]) -> int:
        """Compute a campaign's facts anew and put them in the place of the old ones; return how many rows.

        Args:
            stale: The campaign. It stays stale where more events have come meanwhile.
            guard: Called inside the transaction; raises if we are not the one who may write.
        """
        self._count += 1
        self._rebuilt[stale.campaign_id] = self._count
        table = self.compute(stale.workspace_id, stale.campaign_id)
        staged = self._stage(stale, table)
        column = stale_facts.c
        with self._db.transaction() as connection:
            guard(connection)
            old = self._lake.files(connection, stale.workspace_id, Dataset.FACTS, campaign_id=stale.campaign_id)
            self._lake.commit(connection, staged, replaced=[file.id for file in old])
            done = sa.delete(stale_facts).where(column.campaign_id == stale.campaign_id, column.since == stale.since)
            connection.execute(done)
        return int(table.num_rows)

    def compute(self, workspace_id: int, campaign_id: int) -> pa.Table:
        """Return a campaign's facts as its events stand now."""
        with self._engine.session(workspace_id, campaign_id=campaign_id) as session:
            return session.table(FACTS_SQL, {"campaign_id": campaign_id}).select(FACT_SCHEMA.names).cast(FACT_SCHEMA)

    def _stage(self, stale: Stale, table: pa.Table) -> list[StagedFile]:
        if not table.num_rows:
            return []
        first = pc.min(table["sent_at"]).as_py() or stale.since
        return [
            self._lake.stage(
                table,
                workspace_id=stale.workspace_id,
                dataset=Dataset.FACTS,
                month=f"{first:%Y-%m}",
                order_by=("contact_id",),
            )
        ]
