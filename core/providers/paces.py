"""The pace of connections as people see and set it: limits, what takes over, what is held at the moment and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.providers.entering import kind_named
from core.providers.pace_book import PaceBook, Seen, forget_old_days, look_at, write_standings
from core.providers.pace_rules import ALL
from core.providers.pacing import Pacing, checked_pacing
from core.providers.standing import tried_again
from core.providers.tables import connections
from core.storage.database import Database


@dataclass(frozen=True)
class Held:
    """What goes slower than it should, or not at all.

    Args:
        group: The group of recipients' domains; "" is the whole connection.
        until: Until when nothing leaves; None where it only goes slower.
        needs_person: Whether nothing leaves before a person has changed something.
        per_second: The messages a second it has now; None for as many as ever.
        reason: Why, in the provider's words.
    """

    group: str
    until: datetime | None
    needs_person: bool
    per_second: float | None
    reason: str


@dataclass(frozen=True)
class ConnectionPace:
    """The pace of one connection.

    Args:
        pacing: What is set.
        fallback_id: The connection that takes over while this one can't send.
        today: How many messages left today (UTC).
        today_by_group: The same for the groups of domains something is set for.
        allowed_today: How many may leave today; None for any number.
        held: What is slower or stopped now: the whole connection first.
    """

    pacing: Pacing
    fallback_id: int | None
    today: int
    today_by_group: Mapping[str, int]
    allowed_today: int | None
    held: tuple[Held, ...]


class Paces:
    """Shows and sets the pace of connections.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._book = PaceBook(db, clock)

    def all(self, by: Principal) -> dict[int, ConnectionPace]:
        """Return the pace of every connection of the workspace, by its number."""
        by.require(Permission.CAMPAIGNS_VIEW)
        return {number: self._shown(seen) for number, seen in self._book.look(by.workspace_id).items()}

    def set(self, by: Principal, connection_id: int, pacing: Pacing, fallback_id: int | None = None) -> ConnectionPace:
        """Set how fast mail may leave through a connection, and which one takes over while it can't send.

        What is on its way is not called back; from the next chunk on the new limits count.

        Raises:
            NotFound: If this workspace has no such connection.
            InvalidInput: If a number or a domain can't be used, or the connections would take over from each other in a circle.
            Conflict: If nothing can be sent through one of them.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        new = checked_pacing(pacing)
        with self._db.transaction() as connection:
            before = _must_send(connection, by, connection_id)
            _check_fallback(connection, by, connection_id, fallback_id)
            mine = sa.update(connections).where(connections.c.id == connection_id, connections.c.workspace_id == by.workspace_id)
            connection.execute(mine.values(pacing=new.as_json(), fallback_id=fallback_id))
            shown = self._shown(look_at(connection, by.workspace_id, [connection_id], self._clock.now().date())[connection_id])
            told = {"pacing": new.as_json(), "fallback": fallback_id}
            was = {"pacing": before.pacing, "fallback": before.fallback_id}
            self._note(connection, by, connection_id, AuditAction.CONNECTION_PACED, was, told)
            return shown

    def try_again(self, by: Principal, connection_id: int) -> ConnectionPace:
        """Let a connection that is held try again now; what was slowed down gets faster with what is taken.

        Raises:
            NotFound: If this workspace has no such connection.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        with self._db.transaction() as connection:
            now = self._clock.now()
            seen = look_at(connection, by.workspace_id, [connection_id], now.date()).get(connection_id)
            if seen is None:
                raise NotFound("This connection does not exist.")
            free = {group: tried_again(each, now) for group, each in seen.known.standings.items() if not each.is_plain}
            write_standings(connection, by.workspace_id, connection_id, free)
            shown = self._shown(look_at(connection, by.workspace_id, [connection_id], now.date())[connection_id])
            if free:
                self._note(connection, by, connection_id, AuditAction.CONNECTION_TRIED_AGAIN, {}, {})
            return shown

    def forget_old(self) -> int:
        """Delete, in every workspace, what was counted on days nobody asks about any more; return how many counts that were."""
        with self._db.transaction() as connection:
            return forget_old_days(connection, self._clock.now().date())

    def _shown(self, seen: Seen) -> ConnectionPace:
        now, known = self._clock.now(), seen.known
        held = [
            Held(
                group,
                each.held_until if each.is_held(now) else None,
                each.waits_for_a_person,
                each.rate(known.pacing.rate(group)),
                each.reason,
            )
            for group, each in sorted(known.standings.items())
            if not each.is_plain and (each.is_held(now) or each.slowed < 1 or each.failures)
        ]
        groups = {group: count for group, count in known.counts.items() if group != ALL}
        return ConnectionPace(
            known.pacing, seen.fallback_id, known.counts.get(ALL, 0), groups, known.pacing.allowance(now.date()), tuple(held)
        )

    def _note(
        self,
        connection: sa.Connection,
        by: Principal,
        connection_id: int,
        what: AuditAction,
        before: Mapping[str, object],
        after: Mapping[str, object],
    ) -> None:
        record(connection, self._clock.now(), by, what, f"connection:{connection_id}", before=before, after=after)


def _must_send(connection: sa.Connection, by: Principal, connection_id: int) -> Any:
    chosen = sa.select(connections.c.name, connections.c.kind, connections.c.pacing, connections.c.fallback_id)
    mine = chosen.where(connections.c.id == connection_id, connections.c.workspace_id == by.workspace_id).with_for_update()
    row = connection.execute(mine).one_or_none()
    if row is None:
        raise NotFound("This connection does not exist.", hint="Add it first, or choose another one.")
    if not kind_named(row.kind).sends:
        raise Conflict(f"“{row.name}” takes reports only; nothing can be sent through it yet.", hint="Choose another connection.")
    return row


def _check_fallback(connection: sa.Connection, by: Principal, connection_id: int, fallback_id: int | None) -> None:
    passed, each = {connection_id}, fallback_id
    while each is not None:
        if each in passed:
            raise InvalidInput("These connections would take over from each other in a circle.", hint="Choose another one, or none.")
        passed.add(each)
        each = _must_send(connection, by, each).fallback_id
