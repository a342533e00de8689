"""The hours a campaign may go out in, asked before it is drained: what is closed is put off together, not message by message."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.tables import contacts
from core.contacts.zones import SAID, zone_said
from core.hours import Hours
from core.messages.plan import SendPlan
from core.messages.states import MessageState
from core.messages.tables import messages
from core.messages.ways import Hold
from core.storage.database import Database, among

FOR_EVER = datetime.max.replace(tzinfo=UTC)
_TOGETHER = 10_000
# Somebody may come to wait in a zone nobody waited in before.
_LOOK_AGAIN = timedelta(hours=1)

_m = messages.c


class Gate:
    """Opens and shuts campaigns by the clock.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._lock = threading.Lock()
        self._looked: dict[tuple[int, Hours], datetime] = {}

    def look(self, plan: SendPlan) -> Hold | datetime:
        """Return until when a campaign may be drained before this is asked again, or that it is shut as a whole.

        Where contacts' own hours count, those whose hours are over are put off until they begin again, a zone at a time.
        """
        hours, now = plan.hours, self._clock.now()
        if hours is None:
            return FOR_EVER
        if not hours.is_personal:
            opens = hours.next(now, hours.home)
            if opens is None or opens > now:
                return Hold(opens or FOR_EVER, _shut(hours, opens))
            return hours.changes(now, hours.home) or FOR_EVER
        return self._known(plan.campaign_id, hours, now) or self._put_off(plan, hours, now)

    def _known(self, campaign_id: int, hours: Hours, now: datetime) -> datetime | None:
        """Return until when nobody's hours change, if that is known: looking through all that wait takes its time."""
        with self._lock:
            until = self._looked.get((campaign_id, hours))
            return until if until and now < until else None

    def _put_off(self, plan: SendPlan, hours: Hours, now: datetime) -> datetime:
        until = now + _LOOK_AGAIN
        for said in self._zones(plan, now):
            zone = zone_said(said, hours.home)
            until = min(until, hours.changes(now, zone) or FOR_EVER)
            opens = hours.next(now, zone)
            if opens is not None and opens > now:
                while self._wait(plan, said, now, opens):
                    pass
        with self._lock:
            kept = {key: known for key, known in self._looked.items() if known > now}
            self._looked = kept | {(plan.campaign_id, hours): until}
        return until

    def _zones(self, plan: SendPlan, now: datetime) -> list[tuple[object, ...]]:
        """Return what those who are to get something now or later say of their zone."""
        waiting = sa.and_(_of(plan), _m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value]))
        grouped = sa.select(*SAID).select_from(messages.join(contacts, contacts.c.id == _m.contact_id)).where(waiting).group_by(*SAID)
        with self._db.read() as connection:
            return [tuple(row) for row in connection.execute(grouped)]

    def _wait(self, plan: SendPlan, said: tuple[object, ...], now: datetime, until: datetime) -> bool:
        """Put off some of a zone's messages; return whether there may be more."""
        same = [column.is_not_distinct_from(value) for column, value in zip(SAID, said, strict=True)]
        due = sa.and_(_of(plan), _m.state == MessageState.QUEUED.value, sa.or_(_m.due_at.is_(None), _m.due_at <= now))
        wanted = sa.select(_m.id).join(contacts, contacts.c.id == _m.contact_id).where(due, *same).order_by(_m.id).limit(_TOGETHER)
        with self._db.transaction() as connection:
            ids = list(connection.execute(wanted.with_for_update(of=messages, skip_locked=True)).scalars())
            if ids:
                connection.execute(sa.update(messages).where(_m.id.in_(among(connection, ids))).values(due_at=until))
        return len(ids) == _TOGETHER


def _of(plan: SendPlan) -> sa.ColumnElement[bool]:
    return sa.and_(_m.workspace_id == plan.workspace_id, _m.campaign_id == plan.campaign_id)


def _shut(hours: Hours, opens: datetime | None) -> str:
    if opens is None:
        return "It may not go out at any hour of the week. Pause it and look at its hours"
    local = opens.astimezone(ZoneInfo(hours.zone))
    return f"It is outside the hours it may go out in. It goes on by itself {local:%A, %H:%M} ({hours.zone})"
