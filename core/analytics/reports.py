"""Reports: the door to every number, checked by permission and bound to one workspace."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from core.analytics.campaign import CampaignNumbers
from core.analytics.comparing_arms import arm_rows
from core.analytics.event_rows import EventQuestion, event_batches, event_page
from core.analytics.history import history_of
from core.analytics.models import CampaignReport, CampaignRow, Overview, Totals
from core.analytics.moments import zone_of
from core.analytics.overview import campaign_rows, overview
from core.analytics.progress import progress
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import InvalidInput, NotFound
from core.experiments.experiments import Experiments
from core.links.registry import Links
from core.messages.ledger import Ledger
from core.messages.reading import SeenCampaigns, nothing_for_the_limited
from core.messages.tables import messages
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine

MAX_DAYS = 366


class Analytics:
    """What it all came to; for somebody limited to some lists, over the campaigns they may see, as if there were no others.

    Args:
        db: The database.
        clock: The time.
        engine: Where questions are answered.
        ledger: Where messages stand.
        experiments: The arms of A/B tests.
        seen: Which campaigns somebody may see.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        engine: AnalyticsEngine,
        ledger: Ledger,
        experiments: Experiments,
        seen: SeenCampaigns = nothing_for_the_limited,
    ) -> None:
        self._db, self._clock, self._engine, self._seen = db, clock, engine, seen
        self._ledger, self._experiments, self._links = ledger, experiments, Links(db, clock)

    def overview(self, by: Principal, days: int = 30, *, timezone: str = "UTC") -> Overview:
        """Return what was sent in the last days, today included, and what came of it until now.

        Args:
            by: Who asks.
            days: How many days, 1 to 366.
            timezone: The IANA zone whose days they are.

        Raises:
            Denied: If `by` may not view reports.
            InvalidInput: If the days or the zone can't be used.
        """
        by.require(Permission.REPORTS_VIEW)
        if not 1 <= days <= MAX_DAYS:
            raise InvalidInput(f"An overview shows 1 to {MAX_DAYS} days.", hint="Choose another period.")
        return overview(self._engine, by.workspace_id, days, self._clock.now(), zone_of(timezone), self._campaigns(by))

    def campaign_report(self, by: Principal, campaign_id: int, *, timezone: str = "UTC") -> CampaignReport:
        """Return everything about one campaign, from its events as they stand now.

        Args:
            by: Who asks.
            campaign_id: The campaign; one that has sent nothing has zeros.
            timezone: The IANA zone the hours are told in.

        Raises:
            Denied: If `by` may not view reports.
            InvalidInput: If there is no such zone.
            NotFound: For somebody limited to some lists, if they may not see it.
        """
        by.require(Permission.REPORTS_VIEW)
        zone, only = zone_of(timezone), self._campaigns(by)
        if only is not None and campaign_id not in only:
            raise NotFound("There is no such campaign.", hint="It may have been deleted: go back to the list of campaigns.")
        registered = self._links.for_campaign(by.workspace_id, campaign_id)
        arms = self._experiments.arms(by.workspace_id, campaign_id)
        stands = progress(self._ledger.counts(by, campaign_id))
        with self._engine.session(by.workspace_id, campaign_id=campaign_id, only_campaigns=only) as session:
            numbers = CampaignNumbers(session, campaign_id)
            assigned = self._recipients_by_variant(by.workspace_id, campaign_id) if arms else {}
            return CampaignReport(
                campaign_id=campaign_id,
                totals=Totals(**vars(stands), **numbers.totals()),
                hourly=numbers.hours(zone),
                links=numbers.links(registered),
                arms=arm_rows(arms, numbers.by_variant(), assigned) if arms else (),
                timezone=zone.key,
                made_at=self._clock.now(),
            )

    def campaign_table(self, by: Principal, campaign_ids: Sequence[int]) -> Mapping[int, CampaignRow]:
        """Return the numbers of several campaigns by id, in the given order; one that sent nothing has zeros.

        Raises:
            Denied: If `by` may not view reports.
        """
        by.require(Permission.REPORTS_VIEW)
        with self._engine.session(by.workspace_id, only_campaigns=self._campaigns(by)) as session:
            return campaign_rows(session, campaign_ids)

    def event_rows(
        self, by: Principal, campaign_id: int | None = None, kind: str | None = None, since: datetime | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Yield events in batches with the columns of `EVENT_SCHEMA`, in order of time.

        Args:
            by: Who asks.
            campaign_id: Only this campaign's.
            kind: Only this kind, such as "clicked".
            since: Only those that happened at or after this; aware.

        Raises:
            Denied: If `by` may not export events.
            InvalidInput: If there is no such kind, or the time has no zone.
        """
        by.require(Permission.EVENTS_EXPORT)
        question = EventQuestion(campaign_id, kind, since)
        self._note_export(by, question)
        return event_batches(self._engine, by.workspace_id, question, self._campaigns(by))

    def _note_export(self, by: Principal, question: EventQuestion) -> None:
        target = f"workspace:{by.workspace_id}" if question.campaign_id is None else f"campaign:{question.campaign_id}"
        asked = {name: value for name, value in (("kind", question.kind), ("since", question.since)) if value}
        with self._db.transaction() as connection:
            record(connection, self._clock.now(), by, AuditAction.EVENTS_EXPORTED, target, after=asked)

    def _campaigns(self, by: Principal) -> Collection[int] | None:
        if by.lists is None:
            return None
        with self._db.read() as connection:
            return self._seen(connection, by)

    def events_after(
        self,
        by: Principal,
        after: tuple[datetime, int] | None,
        limit: int,
        *,
        campaign_id: int | None = None,
        kind: str | None = None,
        since: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """Return some events with the columns of `EVENT_SCHEMA`, in order of time.

        Args:
            by: Who asks.
            after: When the last event of the page before happened and its id, or None to begin.
            limit: How many at most.
            campaign_id: As for `event_rows`, and so are the others.
            kind: Only this kind.
            since: Only those that happened at or after this; aware.

        Raises:
            Denied: If `by` may not export events.
            InvalidInput: If there is no such kind, or the time has no zone.
        """
        by.require(Permission.EVENTS_EXPORT)
        question = EventQuestion(campaign_id, kind, since)
        if after is None:  # further pages belong to the same export
            self._note_export(by, question)
        return event_page(self._engine, by.workspace_id, question, after, limit, self._campaigns(by))

    def message_events(self, by: Principal, message_id: int) -> list[dict[str, Any]]:
        """Return what happened to one message, in order of time; a person's address is not in it.

        Raises:
            Denied: If `by` may neither see messages nor send single ones; who may only send them sees what happened to those.
        """
        by.require_either(Permission.CAMPAIGNS_VIEW, Permission.MESSAGES_SEND)
        column = messages.c
        mine = sa.select(column.campaign_id, column.queued_at).where(column.workspace_id == by.workspace_id, column.id == message_id)
        if not by.may(Permission.CAMPAIGNS_VIEW):
            mine = mine.where(column.campaign_id.is_(None))
        only = self._campaigns(by)
        with self._db.read() as connection:
            row = connection.execute(mine).one_or_none()
        if row is None or (only is not None and row.campaign_id not in only):
            return []
        return history_of(self._engine, by.workspace_id, message_id, row.campaign_id, row.queued_at)

    def _recipients_by_variant(self, workspace_id: int, campaign_id: int) -> dict[int, int]:
        column = messages.c
        mine = (column.workspace_id == workspace_id, column.campaign_id == campaign_id, column.variant_id.is_not(None))
        counted = sa.select(column.variant_id, sa.func.count()).where(*mine).group_by(column.variant_id)
        with self._db.read() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}
