"""Settling clicks: within a minute after they came in they are judged again, now with everything else that came for the message.

The first verdict is for the dashboard; whoever acts on a click (an automation) waits until it is settled: `settled_until`.
Settling goes by when we heard of a click, not by when it happened, because providers tell late. What was settled stays, also
where more is told about the same message later.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.clock import Clock
from core.events.chores import Guard
from core.events.datacentres import Datacentres, shipped
from core.events.event import Event
from core.events.patterns import REACH
from core.events.reviewing import COLUMNS, Rewriting, Ruling, count_links, review, rewrite, rows_of
from core.events.tables import settled_clicks, stale_facts
from core.storage.database import Database, upsert
from core.storage.engine import AnalyticsEngine, Session
from core.storage.event_words import EventKind
from core.storage.lake import Dataset, Lake

# Clicks wait at least this long, and are taken some seconds' worth at a time: automations wait a minute at most.
WAIT = timedelta(seconds=50)
_STEP = timedelta(seconds=5)
_SECONDS = 0.4
_AT_ONCE = 20_000
_MARGIN = 2 * REACH

_LAST = "select received_at from events where kind = 'clicked' and received_at >= $since order by received_at offset {} limit 1"
_REST = "select min(received_at) as since, min(occurred_at) as at from events where kind = 'clicked' and received_at >= $until"
_ROWS = f"""
    with due as (
        select distinct message_id, visitor, campaign_id
        from events
        where kind = 'clicked' and received_at >= $since and received_at < $until and coalesce(message_id, visitor) is not null
    )
    select {COLUMNS}, received_at >= $since and received_at < $until as is_target
    from events
    where kind in ('opened', 'clicked') and occurred_at >= $earliest and (
        message_id in (select message_id from due where message_id is not null)
        or (message_id is null and (visitor, campaign_id) in (select (visitor, campaign_id) from due where message_id is null))
    )
"""


class _Due(NamedTuple):
    workspace_id: int
    until: datetime
    waiting_since: datetime
    waiting_from: datetime


class Settling:
    """The ingester's chore that settles clicks.

    Args:
        db: The database.
        clock: The time.
        lake: Where events are kept.
        engine: Reads them.
        datacentres: Their networks, if not those that come with Postwright.
        at_once: About how many clicks are settled in one transaction.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        lake: Lake,
        engine: AnalyticsEngine,
        datacentres: Datacentres | None = None,
        *,
        at_once: int = _AT_ONCE,
    ) -> None:
        self._db, self._clock, self._lake, self._engine = db, clock, lake, engine
        self._datacentres, self._at_once = datacentres or shipped(), at_once

    def run(self, guard: Guard) -> None:
        """Settle what is due, workspace after workspace, for a moment."""
        began, now = time.monotonic(), self._clock.now()
        for due in self._due(now):
            self._settle(due, now - WAIT, guard)
            if time.monotonic() > began + _SECONDS:
                return

    def _due(self, now: datetime) -> list[_Due]:
        column = settled_clicks.c
        wanted = sa.select(column.workspace_id, column.until, column.waiting_since, column.waiting_from)
        wanted = wanted.where(column.waiting_since <= now - WAIT - _STEP).order_by(column.waiting_since)
        with self._db.read() as connection:
            return [_Due(*row) for row in connection.execute(wanted)]

    def _settle(self, due: _Due, until: datetime, guard: Guard) -> None:
        earliest = due.waiting_from - _MARGIN
        with self._engine.session(due.workspace_id, since=earliest) as session:
            until = self._reach(session, due, until)
            values = {"since": due.waiting_since, "until": until, "earliest": earliest}
            rows = list(rows_of(session.table(_ROWS, values)))
            rest = session.rows(_REST, {"until": until})[0]
        with self._db.read() as connection:
            links_of = count_links(connection, {row.campaign_id for row in rows if row.campaign_id is not None})
            files = self._lake.files(connection, due.workspace_id, Dataset.EVENTS, since=earliest)
        rulings = review(rows, links_of, is_datacentre=self._datacentres.holds, gather_anew=False)
        rewriting = rewrite(self._lake, due.workspace_id, files, rulings)
        with self._db.transaction() as connection:
            guard(connection)
            commit(connection, self._lake, due.workspace_id, rewriting, rulings, self._clock.now())
            _move_on(connection, due, until, rest)

    def _reach(self, session: Session, due: _Due, until: datetime) -> datetime:
        """Return up to when clicks are settled now: everything that is due, or less where that is very much."""
        found = session.rows(_LAST.format(int(self._at_once)), {"since": due.waiting_since})
        reached: datetime | None = found[0]["received_at"] if found else None
        return until if reached is None or reached <= due.waiting_since else min(until, reached)


def commit(
    connection: sa.Connection, lake: Lake, workspace_id: int, rewriting: Rewriting, rulings: Mapping[int, Ruling], now: datetime
) -> None:
    """Make files with changed verdicts count, inside the caller's transaction, and have the facts of their campaigns rebuilt.

    Raises:
        Conflict: If one of the files was replaced meanwhile; it has to be done again.
    """
    lake.commit(connection, rewriting.staged, replaced=rewriting.replaced)
    campaigns = sorted({one.campaign_id for one in rulings.values() if one.campaign_id is not None})
    stale = [{"workspace_id": workspace_id, "campaign_id": campaign_id, "since": now} for campaign_id in campaigns]
    upsert(connection, stale_facts, stale, key=("campaign_id",), update=("since",))


def note_clicks(connection: sa.Connection, events: Iterable[Event]) -> None:
    """Note that clicks wait to be settled, inside the transaction that brings them into the lake."""
    came: dict[int, tuple[datetime, datetime]] = {}
    for event in events:
        if event.kind is EventKind.CLICKED:
            since, at = came.get(event.workspace_id, (event.received_at, event.at))
            came[event.workspace_id] = (min(since, event.received_at), min(at, event.at))
    if not came:
        return
    column = settled_clicks.c
    known: Sequence[Any] = connection.execute(sa.select(settled_clicks).where(column.workspace_id.in_(sorted(came)))).all()
    before = {row.workspace_id: row for row in known}
    rows = []
    for workspace_id, (since, at) in sorted(came.items()):
        row = before.get(workspace_id)
        is_waiting = row is not None and row.waiting_since is not None
        rows.append(
            {
                "workspace_id": workspace_id,
                "until": row.until if row is not None else since,
                "waiting_since": min(since, row.waiting_since) if row is not None and is_waiting else since,
                "waiting_from": min(at, row.waiting_from) if row is not None and is_waiting else at,
            }
        )
    upsert(connection, settled_clicks, rows, key=("workspace_id",), update=("waiting_since", "waiting_from"))


def settled_until(connection: sa.Connection, workspace_id: int) -> datetime | None:
    """Return up to when clicks are settled, None where there was none yet: act only on clicks received before it.

    Verdicts of clicks received before it do not change any more, but for somebody who has history judged anew. It moves on
    while clicks come in; it steps back where old lines come in late or are processed again, until those are settled too. So
    whoever acts remembers which events they have acted on, not only up to when.

    Args:
        connection: Reads the database.
        workspace_id: Whose clicks.
    """
    column = settled_clicks.c
    row = connection.execute(sa.select(column.until, column.waiting_since).where(column.workspace_id == workspace_id)).one_or_none()
    if row is None:
        return None
    found: datetime = row.until if row.waiting_since is None else min(row.until, row.waiting_since)
    return found


def _move_on(connection: sa.Connection, due: _Due, until: datetime, rest: Mapping[str, Any]) -> None:
    column = settled_clicks.c
    values = {"until": max(due.until, until), "waiting_since": rest["since"], "waiting_from": rest["at"]}
    connection.execute(sa.update(settled_clicks).where(column.workspace_id == due.workspace_id).values(**values))
