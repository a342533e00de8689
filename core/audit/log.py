"""Reading the audit log: page by page, as a CSV, and whether it is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.names import names_of
from core.audit.recording import record
from core.audit.tables import audit_log
from core.audit.verifying import Told, Verdict, verify
from core.clock import Clock
from core.errors import InvalidInput
from core.formulas import csv_lines
from core.permissions import Permission, Principal
from core.storage.database import Database

_CHUNK = 2_000
_COLUMNS = ("sequence", "at", "actor", "actor_name", "action", "target", "target_name", "via", "origin", "before", "after", "hash")


@dataclass(frozen=True)
class AuditFilter:
    """Which entries.

    Args:
        actor: Only what this one did ("person:7", "cli"); empty means everybody.
        actions: Only these; empty means all.
        target: Only what was done to this ("campaign:7"); empty means everything.
        since: Only at or after this; aware.
        until: Only before this; aware.

    Raises:
        InvalidInput: If a time has no zone.
    """

    actor: str = ""
    actions: frozenset[AuditAction] = frozenset()
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if any(moment is not None and moment.tzinfo is None for moment in (self.since, self.until)):
            raise InvalidInput("The time has no zone.", hint="Write it like 2026-11-22T12:00:00Z.")


EVERYTHING = AuditFilter()


@dataclass(frozen=True)
class AuditEntry:
    """One thing somebody did.

    Args:
        sequence: Its number in the workspace's chain.
        at: When.
        actor: Who, as it is stored ("person:7", "cli").
        actor_name: What they are called now; the stored form where they have no name.
        via: What they came in with ("session:12", "token:3"); may be empty.
        origin: The network address they came from; may be empty.
        action: What was done; a word an older version knew is kept as it is.
        target: What it was done to ("campaign:7").
        target_name: What that is called now; empty where it has no name or is gone.
        before: What it was.
        after: What it is.
        hash: What ties the next entry to this one.
    """

    sequence: int
    at: datetime
    actor: str
    actor_name: str
    via: str
    origin: str
    action: AuditAction | str
    target: str
    target_name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    hash: str


@dataclass(frozen=True)
class AuditPage:
    """Some entries, newest first.

    Args:
        rows: The entries.
        before: Where the next page begins; None on the last.
    """

    rows: Sequence[AuditEntry]
    before: int | None


@dataclass(frozen=True)
class Actor:
    """Somebody who did something, for a filter."""

    label: str
    name: str


class AuditLog:
    """Shows, exports and checks a workspace's audit log.

    Args:
        db: The database.
        clock: The time.
        key: The installation's secret key, which seals were made with.
        previous: Secret keys of before, which older seals were made with.
    """

    def __init__(self, db: Database, clock: Clock, key: bytes, previous: Sequence[bytes] = ()) -> None:
        self._db, self._clock, self._key, self._previous = db, clock, key, previous

    def page(self, by: Principal, filters: AuditFilter = EVERYTHING, *, before: int | None = None, limit: int = 50) -> AuditPage:
        """Return some entries, newest first.

        Args:
            by: Who asks.
            filters: Which entries.
            before: What the page before said in its `before`; None for the first page.
            limit: At most this many.

        Raises:
            Denied: Without `audit.view`, or for somebody who may see only some lists: the log names all.
        """
        _require(by)
        with self._db.read() as connection:
            rows = _rows(connection, by.workspace_id, filters, before, limit + 1)
            return AuditPage(_entries(connection, by.workspace_id, rows[:limit]), rows[limit - 1].sequence if len(rows) > limit else None)

    def actors(self, by: Principal) -> list[Actor]:
        """Return everybody who did something, by name.

        Raises:
            Denied: Without `audit.view`, or for somebody who may see only some lists: the log names all.
        """
        _require(by)
        column, labels, last = audit_log.c, [], ""
        following = sa.select(sa.func.min(column.actor)).where(column.workspace_id == by.workspace_id)
        with self._db.read() as connection:
            # From one to the next along the index: there are few people, and maybe a million entries.
            while (found := connection.execute(following.where(column.actor > last)).scalar()) is not None:
                labels.append(found)
                last = found
            names = names_of(connection, by.workspace_id, labels)
        return sorted((Actor(label, names.get(label, label)) for label in labels), key=lambda actor: (actor.name.lower(), actor.label))

    def stream_csv(self, by: Principal, filters: AuditFilter = EVERYTHING) -> Iterator[str]:
        """Yield a CSV in pieces: a header, then a line per entry, newest first; that somebody took it is an entry of its own.

        Raises:
            Denied: Without `audit.view`, or for somebody who may see only some lists; before the first piece.
        """
        _require(by)
        asked = {name: value for name, value in asdict(filters).items() if value}
        with self._db.transaction() as connection:
            record(connection, self._clock.now(), by, AuditAction.AUDIT_EXPORTED, f"workspace:{by.workspace_id}", after={"filters": asked})
        return self._lines(by.workspace_id, filters)

    def check(self, by: Principal, told: Told | None = None) -> Verdict:
        """Walk along the workspace's whole chain and return what is wrong with it.

        Args:
            by: Who asks.
            told: Told how many entries are checked, of how many.

        Raises:
            Denied: Without `audit.view`, or for somebody who may see only some lists: the log names all.
        """
        _require(by)
        return verify(self._db, self._key, by.workspace_id, told, self._previous)

    def _lines(self, workspace_id: int, filters: AuditFilter) -> Iterator[str]:
        with self._db.read() as connection:  # one state from the first line to the last
            yield csv_lines([_COLUMNS])
            before: int | None = None
            while rows := _rows(connection, workspace_id, filters, before, _CHUNK):
                yield csv_lines([_cells(entry) for entry in _entries(connection, workspace_id, rows)])
                before = rows[-1].sequence


def _require(by: Principal) -> None:
    by.require(Permission.AUDIT_VIEW)
    by.require_all_lists()


def _rows(connection: sa.Connection, workspace_id: int, filters: AuditFilter, before: int | None, limit: int) -> Sequence[sa.Row[Any]]:
    column = audit_log.c
    where = [column.workspace_id == workspace_id]
    for value, name in ((filters.actor, column.actor), (filters.target, column.target)):
        if value:
            where.append(name == value)
    if filters.actions:
        where.append(column.action.in_(sorted(filters.actions)))
    if filters.since:
        where.append(column.at >= filters.since)
    if filters.until:
        where.append(column.at < filters.until)
    if before is not None:
        where.append(column.sequence < before)
    return connection.execute(sa.select(audit_log).where(*where).order_by(column.sequence.desc()).limit(limit)).all()


def _entries(connection: sa.Connection, workspace_id: int, rows: Sequence[sa.Row[Any]]) -> list[AuditEntry]:
    names = names_of(connection, workspace_id, [thing for row in rows for thing in (row.actor, row.target)])
    return [
        AuditEntry(
            sequence=row.sequence,
            at=row.at,
            actor=row.actor,
            actor_name=names.get(row.actor, row.actor),
            via=row.via,
            origin=row.origin,
            action=_action(row.action),
            target=row.target,
            target_name=names.get(row.target, ""),
            before=_values(row.before),
            after=_values(row.after),
            hash=row.hash,
        )
        for row in rows
    ]


def _action(word: str) -> AuditAction | str:
    return AuditAction(word) if word in set(AuditAction) else word


def _values(text: str) -> Mapping[str, Any]:
    """Return what was stored; text that somebody broke is shown as it is, the check says so."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {"unreadable": text}
    return found if isinstance(found, dict) else {"unreadable": text}


def _cells(entry: AuditEntry) -> list[str]:
    return [_cell(getattr(entry, name)) for name in _COLUMNS]


def _cell(value: Any) -> str:
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value)
