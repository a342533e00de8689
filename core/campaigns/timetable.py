"""When each reader of a campaign gets it, told zone by zone: a million people live in a few dozen zones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.campaigns.timing import STILL_ON_TIME, Late, Timing, hours_of
from core.contacts.zones import by_zone
from core.hours import Hours, moment
from core.sending_rules import SendingRules
from core.storage.tables import workspaces

Group = tuple[datetime | None, list[int]]


@dataclass(frozen=True)
class Forecast:
    """What a time means for an audience, before it is said for good.

    Args:
        people: How many people there are.
        starts: When the first of them gets it.
        ends: When it begins for those who are last.
        late: How many live where that time has passed already.
        never: How many can't get it: no hour of the week fits where they live.
        zones: How many time zones they live in.
        clock: The workspace's zone.
    """

    people: int
    starts: datetime
    ends: datetime
    late: int = 0
    never: int = 0
    zones: int = 1
    clock: str = "UTC"


@dataclass(frozen=True)
class Timetable:
    """A campaign's time, for every zone.

    Args:
        timing: How it keeps time.
        hours: When it may go out.
        wall: The time on the clock it is scheduled for; None for now.
    """

    timing: Timing
    hours: Hours
    wall: datetime | None = None

    @property
    def is_personal(self) -> bool:
        """Whether people in different zones may get it at different moments."""
        return self.hours.is_personal or (self.timing.in_contact_zone and self.wall is not None)

    def is_late(self, zone: ZoneInfo, now: datetime) -> bool:
        """Return whether the time it is scheduled for is over for somebody who lives in a zone."""
        planned = self._planned(zone) if self.wall is not None else None
        return planned is not None and planned < now - STILL_ON_TIME

    def due(self, zone: ZoneInfo, now: datetime) -> datetime | None:
        """Return when somebody who lives in a zone gets it; None for never."""
        if self.wall is None:
            return self.hours.next(now, zone)
        planned = self._planned(zone)
        if planned is None or planned >= now:
            return planned
        is_put_off = self.timing.late is Late.NEXT_DAY and self.timing.in_contact_zone and self.is_late(zone, now)
        return self._planned(zone, after=now) if is_put_off else self.hours.next(now, zone)

    def groups(self, connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], now: datetime) -> list[Group]:
        """Return contacts by the moment they get it; None for those who get it at once."""
        found: dict[datetime | None, list[int]] = {}
        for zone, ids in self._by_zone(connection, workspace_id, contact_ids).items():
            at = self.due(zone, now)  # never: what is claimed is looked at once more, and skipped with the reason
            found.setdefault(at if at is not None and at > now else None, []).extend(ids)
        return list(found.items())

    def forecast(self, connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], now: datetime) -> Forecast:
        """Return what it means for an audience."""
        by_zone = self._by_zone(connection, workspace_id, contact_ids)
        due = {zone: self.due(zone, now) for zone in by_zone}
        moments = [at for at in due.values() if at is not None] or [now]
        late = sum(len(ids) for zone, ids in by_zone.items() if self.is_late(zone, now))
        never = sum(len(ids) for zone, ids in by_zone.items() if due[zone] is None)
        return Forecast(len(contact_ids), min(moments), max(moments), late, never, len(by_zone), self.hours.zone)

    def _planned(self, zone: ZoneInfo, after: datetime | None = None) -> datetime | None:
        """Return the moment it is scheduled for, for somebody who lives in a zone; where that has to be later, on a later day."""
        assert self.wall is not None
        clock = zone if self.timing.in_contact_zone else self.hours.home
        at, days = moment(self.wall, clock), 0
        while after is not None and at <= after:
            days += max(1, (after - at).days)
            at = moment(self.wall + timedelta(days=days), clock)
        return self.hours.next(at, zone)

    def _by_zone(self, connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int]) -> dict[ZoneInfo, list[int]]:
        """Return the contacts by zone; those that were deleted meanwhile are left out."""
        home = self.hours.home
        return by_zone(connection, workspace_id, contact_ids, home) if self.is_personal else {home: list(contact_ids)}


def timetable(connection: sa.Connection, workspace_id: int, timing: Timing, wall: datetime | None) -> Timetable:
    """Return the timetable of a campaign by the rules its workspace has now."""
    chosen = sa.select(workspaces.c.timezone, workspaces.c.sending_rules).where(workspaces.c.id == workspace_id)
    zone, rules = connection.execute(chosen).one()
    return Timetable(timing, hours_of(timing, zone, SendingRules.from_json(rules)), wall)
