"""Who of those a chunk is for may be mailed now: looked at once more, right before sending."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.lookup import Addressee, SkipReason, mailable
from core.contacts.zones import zone_of
from core.hours import Hours
from core.messages.capping import caps, over_cap
from core.messages.plan import SendPlan, WorkspaceCap
from core.messages.rows import Claimed
from core.storage.database import Database


@dataclass(frozen=True)
class Sorted:
    """A claimed chunk, sorted.

    Args:
        now: Who gets their message now.
        skipped: Messages that must not be sent, and why, by id.
        later: Messages that have to wait, and until when, by id.
    """

    now: list[tuple[Claimed, Addressee]]
    skipped: dict[int, str]
    later: dict[int, datetime]


class Eligibility:
    """Sorts chunks of a campaign.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def sort(self, plan: SendPlan, claimed: Sequence[Claimed]) -> Sorted:
        """Return who of a chunk gets their message now, who must not and who has to wait."""
        now = self._clock.now()
        with self._db.read() as connection:
            people, reasons, seldom = mailable(connection, plan.workspace_id, [each.contact_id for each in claimed], now)
            skipped = {each.message_id: reasons[each.contact_id] for each in claimed if each.contact_id not in people}
            found = Sorted([(each, people[each.contact_id]) for each in claimed if each.contact_id in people], skipped, {})
            if plan.hours is not None:
                found = _by_the_clock(plan.hours, found, now)
            for cap, why, readers in caps(plan.cap, plan.workspace_id, seldom):
                found = _within_the_cap(connection, cap, found, readers, why, now)
            return found


def _by_the_clock(hours: Hours, sorted_before: Sorted, now: datetime) -> Sorted:
    """Let those wait whose hours are over; for whom there are none it is not sent."""
    opens: dict[ZoneInfo, datetime | None] = {}
    found = Sorted([], sorted_before.skipped, sorted_before.later)
    for claimed, contact in sorted_before.now:
        zone = zone_of(contact.attributes, hours.home)
        if zone not in opens:
            opens[zone] = hours.next(now, zone)
        at = opens[zone]
        if at is None:
            found.skipped[claimed.message_id] = SkipReason.NO_HOUR.value
        elif at > now:
            found.later[claimed.message_id] = at
        else:
            found.now.append((claimed, contact))
    return found


def _within_the_cap(
    connection: sa.Connection, cap: WorkspaceCap, found: Sorted, readers: Collection[int] | None, why: SkipReason, now: datetime
) -> Sorted:
    """Leave out who has got enough; the intent looks once more, here it saves writing what is not sent."""
    full = over_cap(connection, cap, [contact.id for _, contact in found.now if readers is None or contact.id in readers], now)
    over = {claimed.message_id: why.value for claimed, contact in found.now if contact.id in full}
    return Sorted([each for each in found.now if each[1].id not in full], found.skipped | over, found.later)
