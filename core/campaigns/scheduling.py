"""Scheduling: a draft waits for its time, and the sweeper launches it then, once, whoever else tries and whatever dies."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.audiences import Audiences
from core.campaigns.drafts import check_important
from core.campaigns.launching import Launching
from core.campaigns.models import Campaign, listed, load_campaign, select_campaigns
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.timetable import Forecast, timetable
from core.campaigns.timing import FURTHEST, Appointment, Timing, checked_wall
from core.campaigns.trying import Trying
from core.campaigns.visibility import this
from core.clock import Clock
from core.errors import Conflict, InvalidInput, PostwrightError, StorageFull, Unavailable
from core.permissions import Permission, Principal
from core.storage.database import Database

logger = logging.getLogger(__name__)

# Nobody wants yesterday's mail at whatever hour the machine came back: later than this, a person is asked.
TOO_LATE = timedelta(days=1)
MISSED = "Its time passed while nothing was running here, more than a day ago. Choose another time, or unschedule it and send it now."
_LAUNCHING = (Permission.CAMPAIGNS_SEND, Permission.CAMPAIGNS_VIEW, Permission.TEMPLATES_VIEW, Permission.CONTACTS_VIEW)


class Scheduling:
    """Puts drafts off to a time.

    Args:
        db: The database.
        clock: The time.
        audiences: Who is meant.
        launching: Launches them.
        trying: Writes one for somebody, to see whether it can be.
    """

    def __init__(self, db: Database, clock: Clock, audiences: Audiences, launching: Launching, trying: Trying) -> None:
        self._db, self._clock, self._audiences, self._launching, self._trying = db, clock, audiences, launching, trying

    def forecast(self, by: Principal, campaign: Campaign, at: datetime | None, timing: Timing) -> Forecast:
        """Return what a time would mean for the people of a campaign, as they are now.

        Args:
            by: Who asks.
            campaign: Which campaign.
            at: The time on the clock; None for now.
            timing: How it would keep time.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        contact_ids, wall = self._audiences.contact_ids(by, campaign.audience), checked_wall(at) if at else None
        with self._db.read() as connection:
            table = timetable(connection, by.workspace_id, timing, wall)
            return table.forecast(connection, by.workspace_id, contact_ids, self._clock.now())

    def schedule(self, by: Principal, campaign: Campaign, at: datetime, timing: Timing) -> None:
        """Put a draft, or one that is scheduled already, off to a time; what can be checked is checked now.

        Raises:
            Conflict: If it was launched, nobody is in the audience, nobody could get it, or nothing can be sent through its connection.
            InvalidInput: If the time is over or too far off, or the email can't be written.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        self._must_wait(campaign)
        check_important(by, campaign.timing, timing)
        self._launching.check(by, campaign)
        self._trying.check(by, campaign)
        forecast = self.forecast(by, campaign, at, timing)
        starts = self._start(forecast, checked_wall(at))
        said = Appointment(checked_wall(at), "" if timing.in_contact_zone else forecast.clock, by.label, by.lists)
        kept = {"state": CampaignState.SCHEDULED.value, "scheduled_at": starts, "stopped_reason": ""}
        kept["timing"] = timing.as_json() | said.as_json()
        with self._db.transaction() as connection:
            current = load_campaign(connection, by, campaign.id, for_update=True)
            self._must_wait(current)
            if replace(current, stopped_reason="") != replace(campaign, stopped_reason=""):
                raise Conflict(
                    "This campaign was changed while it was being scheduled.", hint="Look at it once more and schedule it again."
                )
            connection.execute(sa.update(campaigns).where(*this(by, campaign.id)).values(kept))
            after = {"scheduled_at": starts.isoformat(timespec="minutes"), "at": said.as_json()["wall"], **timing.as_json()}
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_SCHEDULED, f"campaign:{campaign.id}", after=after)

    def unschedule(self, by: Principal, campaign_id: int) -> None:
        """Make a scheduled campaign a draft again; one that is a draft stays as it is.

        Raises:
            Conflict: If it was launched meanwhile.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        with self._db.transaction() as connection:
            current = load_campaign(connection, by, campaign_id, for_update=True)
            self._must_wait(current)
            if current.state is CampaignState.DRAFT:
                return
            kept = {"state": CampaignState.DRAFT.value, "scheduled_at": None, "stopped_reason": "", "timing": current.timing.as_json()}
            connection.execute(sa.update(campaigns).where(*this(by, campaign_id)).values(kept))
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_UNSCHEDULED, f"campaign:{campaign_id}")

    def launch_due(self) -> int:
        """Launch every scheduled campaign of any workspace whose time has come; return how many.

        Each launch is one transaction that begins with the campaign's state, so of several sweepers one launches it, and one that
        is killed before its end has done nothing. What only a person can put right is kept as the reason and not tried again.
        """
        return sum(self._launch(row) for row in self._due())

    def _launch(self, row: sa.Row[Any]) -> bool:
        said = Appointment.from_json(row.timing)
        if said is None or row.scheduled_at < self._clock.now() - TOO_LATE:
            self._give_up(row, MISSED)
            return False
        by = Principal(row.workspace_id, said.label, frozenset({*_LAUNCHING, Permission.SEGMENTS_VIEW}), lists=said.lists, via="schedule")
        try:
            return self._launching.launch_scheduled(by, listed(row))
        except Exception as error:  # one that fails, however that may be, must not keep the others from their time
            if isinstance(error, PostwrightError) and not isinstance(error, (Unavailable, StorageFull)):
                self._give_up(row, f"It could not be launched: {error.message} {error.hint}".strip())
            else:
                logger.warning("a scheduled campaign can't be launched yet, trying again", extra={"campaign_id": row.id}, exc_info=True)
        return False

    def _due(self) -> list[sa.Row[Any]]:
        now_due = sa.and_(campaigns.c.scheduled_at <= self._clock.now(), campaigns.c.stopped_reason == "")
        statement = select_campaigns().where(campaigns.c.state == CampaignState.SCHEDULED.value, now_due)
        with self._db.read() as connection:
            return list(connection.execute(statement.order_by(campaigns.c.scheduled_at, campaigns.c.id)))

    def _give_up(self, row: sa.Row[Any], reason: str) -> None:
        """Keep why a campaign was not launched, unless it was scheduled anew meanwhile."""
        same = (campaigns.c.id == row.id, campaigns.c.state == CampaignState.SCHEDULED.value, campaigns.c.scheduled_at == row.scheduled_at)
        with self._db.transaction() as connection:
            connection.execute(sa.update(campaigns).where(*same).values(stopped_reason=reason))

    def _must_wait(self, campaign: Campaign) -> None:
        if campaign.state not in (CampaignState.DRAFT, CampaignState.SCHEDULED):
            raise Conflict("This campaign has been launched already.", hint="Reload the page to see where it is.")

    def _start(self, forecast: Forecast, wall: datetime) -> datetime:
        """Return when it is to be launched: as soon as it is that time for anybody."""
        if not forecast.people:
            raise Conflict("Nobody is in this audience.", hint="Import people, or choose another list or segment.")
        if forecast.late == forecast.people:
            raise InvalidInput("This time is over.", hint="Choose a later one.")
        if wall > self._clock.now().replace(tzinfo=None) + FURTHEST:
            raise InvalidInput("This time is more than a year away.", hint="Check the year.")
        if forecast.never == forecast.people:
            raise Conflict("It could reach nobody at any hour.", hint="Its hours lie within the workspace's quiet hours: choose others.")
        return forecast.starts
