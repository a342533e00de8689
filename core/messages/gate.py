"""The hours a campaign may go out in, asked before it is drained: what is closed is put off together, not message by message."""

from __future__ import annotations

import threading
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.tables import contacts
from core.contacts.zones import SAID, zone_said
from core.hours import Hours
from core.messages.plan import SendPlan
from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import Database, among, chunked, lock_rows

FOR_EVER = datetime.max.replace(tzinfo=UTC)
_TOGETHER = 10_000
# Somebody may come to wait in a zone nobody waited in before.
_LOOK_AGAIN = timedelta(hours=1)

Said = tuple[object, ...]
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

    def look(self, plan: SendPlan) -> datetime:
        """Return until when a campaign may be drained before this is asked again.

        Those whose hours are over are put off until they begin again: everybody, or where contacts' own clocks count a zone at a
        time. A drain looks at each message once more, so what slips through here still waits.
        """
        if plan.hours is None:
            return FOR_EVER
        now = self._clock.now()
        with self._lock:
            until = self._looked.get((plan.campaign_id, plan.hours))
        return until if until and now < until else self._look(plan, plan.hours, now)

    def _look(self, plan: SendPlan, hours: Hours, now: datetime) -> datetime:
        until, shut = now + _LOOK_AGAIN, dict[datetime, list[Said]]()
        for said in self._zones(plan) if hours.is_personal else [()]:
            zone = zone_said(said, hours.home)
            until = min(until, hours.changes(now, zone) or FOR_EVER)
            opens = hours.next(now, zone)
            if opens is not None and opens > now:
                shut.setdefault(opens, []).append(said)
        for opens, zones in shut.items():
            for ids in chunked(self._due_in(plan, zones, now), _TOGETHER):
                self._put_off(ids, opens)
        with self._lock:
            kept = {key: known for key, known in self._looked.items() if known > now}
            self._looked = kept | {(plan.campaign_id, hours): until}
        return until

    def _zones(self, plan: SendPlan) -> list[Said]:
        """Return what those who are to get something say of their zone."""
        is_open = _m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value])
        with self._db.read() as connection:
            return [tuple(row) for row in connection.execute(_readers(plan, sa.select(*SAID), is_open).distinct())]

    def _due_in(self, plan: SendPlan, zones: Sequence[Said], now: datetime) -> array[int]:
        """Return the messages that would be claimed now for people of some zones; packed, there may be millions."""
        # Nothing said is what everybody says where zones do not count.
        each = [sa.and_(True, *(c.is_not_distinct_from(v) for c, v in zip(SAID, said, strict=False))) for said in zones]
        due = sa.and_(_m.state == MessageState.QUEUED.value, sa.or_(_m.due_at.is_(None), _m.due_at <= now), sa.or_(*each))
        with self._db.read() as connection:
            found = connection.execute(_readers(plan, sa.select(_m.id), due).order_by(_m.id), execution_options={"yield_per": _TOGETHER})
            return array("q", found.scalars())

    def _put_off(self, ids: Sequence[int], until: datetime) -> None:
        """Let messages wait, as far as nobody has claimed them meanwhile."""
        with self._db.transaction() as connection:
            lock_rows(connection, _m.id, among(connection, ids))
            mine = sa.and_(_m.id.in_(among(connection, ids)), _m.state == MessageState.QUEUED.value)
            connection.execute(sa.update(messages).where(mine).values(due_at=until))


def _readers(plan: SendPlan, chosen: sa.Select[Any], which: sa.ColumnElement[bool]) -> sa.Select[Any]:
    mine = sa.and_(_m.workspace_id == plan.workspace_id, _m.campaign_id == plan.campaign_id)
    return chosen.select_from(messages.join(contacts, contacts.c.id == _m.contact_id)).where(mine, which)
