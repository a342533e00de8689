"""What all senders together know of connections' pace, kept in the database: read before a chunk, written once per chunk at most."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.providers.pace_rules import ALL, Allotted, Known, allot
from core.providers.pacing import stored_pacing
from core.providers.standing import Standing, fresh
from core.providers.tables import connection_days, connection_paces, connections
from core.storage.database import Database, insert_or_ignore, upsert

_KEPT_DAYS = timedelta(days=400)
_FIELDS = ("permits", "refilled_at", "slowed", "full_rate", "failures", "held_until", "reason")

_p, _d = connection_paces.c, connection_days.c


@dataclass(frozen=True)
class Seen:
    """A connection and all that is known of its pace.

    Args:
        name: What people call it.
        fallback_id: The connection that takes over while this one can't send.
        known: What it stands at.
    """

    name: str
    fallback_id: int | None
    known: Known


class PaceBook:
    """Keeps the pace of connections.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def look(self, workspace_id: int, connection_ids: Collection[int] | None = None) -> dict[int, Seen]:
        """Return what is known of connections of a workspace, by id; of all of them where none are named."""
        with self._db.read() as connection:
            return look_at(connection, workspace_id, connection_ids, self._clock.now().date())

    def take(self, workspace_id: int, connection_id: int, wanted: Mapping[str, int], *, is_urgent: bool = False) -> Allotted:
        """Take the permits for as much of a chunk as may leave now, and count it; whoever asks next gets what is left.

        Args:
            workspace_id: Whose connection it is.
            connection_id: Which.
            wanted: How many would leave, by group of domains.
            is_urgent: Whether somebody waits for them; they go before campaigns.
        """
        with self._db.transaction() as connection:
            now = self._clock.now()
            known = _locked(connection, workspace_id, connection_id, now)
            allotted = allot(known, wanted, now, is_urgent=is_urgent)
            write_standings(connection, workspace_id, connection_id, allotted.standings)
            add_counts(connection, workspace_id, connection_id, now.date(), counted(known, allotted.now))
        return allotted

    def count(self, workspace_id: int, connection_id: int, counts: Mapping[str, int], day: date | None = None) -> None:
        """Count what left without being limited, or with negative numbers what was counted (on that day) and did not leave."""
        if any(counts.values()):
            with self._db.transaction() as connection:
                add_counts(connection, workspace_id, connection_id, day or self._clock.now().date(), counts)

    def note(self, workspace_id: int, connection_id: int, changes: Mapping[str, Callable[[Standing], Standing]]) -> None:
        """Change what groups stand at.

        Args:
            workspace_id: Whose connection it is.
            connection_id: Which.
            changes: What each group's standing becomes.
        """
        with self._db.transaction() as connection:
            now = self._clock.now()
            known = _locked(connection, workspace_id, connection_id, now)
            after = {group: change(known.standing(group, now)) for group, change in changes.items()}
            done = [group for group, each in after.items() if group and each.is_plain and known.pacing.rate(group) is None]
            write_standings(connection, workspace_id, connection_id, {group: each for group, each in after.items() if group not in done})
            connection.execute(sa.delete(connection_paces).where(_p.connection_id == connection_id, _p.domain.in_(done)))


def counted(known: Known, leaving: Mapping[str, int]) -> dict[str, int]:
    """Return what is counted of a chunk: all of it, and the groups something is set for; not every domain there is."""
    named = {group: count for group, count in leaving.items() if group in known.pacing.groups}
    return named | {ALL: sum(leaving.values())}


def look_at(connection: sa.Connection, workspace_id: int, connection_ids: Collection[int] | None, day: date) -> dict[int, Seen]:
    """Return what is known of connections of a workspace on a day, by id."""
    mine = [connections.c.workspace_id == workspace_id]
    mine += [connections.c.id.in_(list(connection_ids))] if connection_ids is not None else []
    rows = connection.execute(sa.select(connections.c.id, connections.c.name, connections.c.pacing, connections.c.fallback_id).where(*mine))
    found = {row.id: row for row in rows}
    standings: dict[int, dict[str, Standing]] = {each: {} for each in found}
    counts: dict[int, dict[str, int]] = {each: {} for each in found}
    for row in connection.execute(sa.select(connection_paces).where(_p.workspace_id == workspace_id, _p.connection_id.in_(list(found)))):
        standings[row.connection_id][row.domain] = Standing(*(getattr(row, name) for name in _FIELDS))
    today = (_d.workspace_id == workspace_id, _d.connection_id.in_(list(found)), _d.day == day.isoformat())
    for connection_id, group, count in connection.execute(sa.select(_d.connection_id, _d.domain, _d.count).where(*today)):
        counts[connection_id][group] = count
    return {
        each: Seen(row.name, row.fallback_id, Known(stored_pacing(row.pacing), standings[each], counts[each]))
        for each, row in found.items()
    }


def write_standings(connection: sa.Connection, workspace_id: int, connection_id: int, standings: Mapping[str, Standing]) -> None:
    """Write what groups stand at."""
    if standings:
        rows = [
            {"connection_id": connection_id, "domain": group, "workspace_id": workspace_id}
            | {name: getattr(standing, name) for name in _FIELDS}
            for group, standing in sorted(standings.items())
        ]
        upsert(connection, connection_paces, rows, key=("connection_id", "domain"), update=_FIELDS)


def add_counts(connection: sa.Connection, workspace_id: int, connection_id: int, day: date, counts: Mapping[str, int]) -> None:
    """Add to what left on a day, by group."""
    for group, count in sorted(counts.items()):
        if count:
            key = {"connection_id": connection_id, "day": day.isoformat(), "domain": group}
            insert_or_ignore(connection, connection_days, [key | {"workspace_id": workspace_id, "count": 0}])
            mine = (_d.connection_id == connection_id, _d.day == day.isoformat(), _d.domain == group)
            more = sa.update(connection_days).where(*mine)
            connection.execute(more.values(count=sa.case((_d.count + count > 0, _d.count + count), else_=0)))


def forget_standings(connection: sa.Connection, connection_id: int) -> None:
    """Begin anew with a connection: what was entered for it has changed, so what it said before counts no more."""
    connection.execute(sa.delete(connection_paces).where(_p.connection_id == connection_id))


def forget_old_days(connection: sa.Connection, today: date) -> int:
    """Delete counts of days nobody asks about any more; return how many."""
    return connection.execute(sa.delete(connection_days).where(_d.day < (today - _KEPT_DAYS).isoformat())).rowcount


def _locked(connection: sa.Connection, workspace_id: int, connection_id: int, now: datetime) -> Known:
    """Return what is known, locked until the transaction ends: the row of the whole connection stands for all of its groups."""
    begun = {"connection_id": connection_id, "domain": ALL, "workspace_id": workspace_id}
    found = sa.select(connections.c.pacing).where(connections.c.id == connection_id, connections.c.workspace_id == workspace_id)
    pacing = connection.execute(found).scalar()
    if pacing is None:
        return Known()
    first = fresh(stored_pacing(pacing).per_second, now)
    insert_or_ignore(connection, connection_paces, [begun | {name: getattr(first, name) for name in _FIELDS}])
    mine = (_p.connection_id == connection_id, _p.domain == ALL)
    connection.execute(sa.select(_p.domain).where(*mine).with_for_update()).all()
    return look_at(connection, workspace_id, [connection_id], now.date())[connection_id].known
