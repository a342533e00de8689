"""How long each kind of data is kept: rules of a workspace, what each would take now, and what was taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import InvalidInput
from core.permissions import Principal
from core.privacy.asking import require
from core.privacy.tables import retention_rules, retention_runs
from core.storage.database import Database, upsert


class DataKind(StrEnum):
    """What can be kept for a time."""

    EVENTS = "events"
    ENGAGEMENT = "engagement"
    MESSAGES = "messages"
    SINGLE_EMAILS = "single_emails"
    IMPORT_REFUSALS = "import_refusals"
    UNCONFIRMED = "unconfirmed"
    INACTIVE = "inactive"


@dataclass(frozen=True)
class Bounds:
    """Which times make sense for a kind.

    Args:
        least: The shortest, in days.
        most: The longest, in days.
        default: What holds where nobody says anything; None keeps it for ever.
    """

    least: int
    most: int = 3_650
    default: int | None = None


BOUNDS: Mapping[DataKind, Bounds] = {
    DataKind.EVENTS: Bounds(90),
    DataKind.ENGAGEMENT: Bounds(7),
    DataKind.MESSAGES: Bounds(90),  # what comes back late has to find its message
    DataKind.SINGLE_EMAILS: Bounds(1, 30, 30),
    DataKind.IMPORT_REFUSALS: Bounds(1),
    DataKind.UNCONFIRMED: Bounds(3),
    DataKind.INACTIVE: Bounds(180),
}


@dataclass(frozen=True)
class Run:
    """One time a rule was carried out.

    Args:
        kind: Which rule.
        older_than: What was older than this was taken.
        count: How much that was.
        created_at: When it began.
        finished_at: When it was done; None while there is more to do.
    """

    kind: DataKind
    older_than: datetime
    count: int
    created_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Rule:
    """How long a kind of data is kept.

    Args:
        kind: Which.
        days: How many days; None for ever.
        latest: When that was last carried out, None for never.
    """

    kind: DataKind
    days: int | None
    latest: Run | None = None


class Retention:
    """Shows and sets the rules.

    Args:
        db: The database.
        clock: The time.
        takers: What each kind is about, by kind.
    """

    def __init__(self, db: Database, clock: Clock, takers: Mapping[DataKind, Taker]) -> None:
        self._db, self._clock, self._takers = db, clock, takers

    def rules(self, by: Principal) -> list[Rule]:
        """Return the rule of every kind.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
        """
        require(by)
        with self._db.read() as connection:
            days = days_of(connection, by.workspace_id)
            return [Rule(kind, days.get(kind, BOUNDS[kind].default), latest_run(connection, by.workspace_id, kind)) for kind in DataKind]

    def set(self, by: Principal, what: DataKind, days: int | None) -> None:
        """Set how long a kind is kept; the worker carries it out within a day.

        Args:
            by: Who sets it.
            what: Which kind.
            days: How many days; None as long as where nobody says anything.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If that is too short or too long, or events would go before it is judged by them who stopped reading.
        """
        require(by)
        if days is not None:
            check_days(what, days)
        mine = (retention_rules.c.workspace_id == by.workspace_id, retention_rules.c.kind == what.value)
        with self._db.transaction() as connection:
            _check_reach(days_of(connection, by.workspace_id) | ({} if days is None else {what: days}), what, days)
            before = connection.execute(sa.select(retention_rules.c.days).where(*mine)).scalar()
            if before == days:
                return
            if days is None:
                connection.execute(sa.delete(retention_rules).where(*mine))
            else:
                row = {"workspace_id": by.workspace_id, "kind": what.value, "days": days}
                upsert(connection, retention_rules, [row], key=("workspace_id", "kind"), update=("days",))
            told = {"before": {"days": before}, "after": {"days": days}}
            record(connection, self._clock.now(), by, AuditAction.RETENTION_CHANGED, f"retention:{what.value}", **told)

    def preview(self, by: Principal, what: DataKind, days: int) -> int:
        """Return how much a rule would take if it were carried out now.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If that is too short or too long.
        """
        require(by)
        check_days(what, days)
        return self._takers[what].count(by.workspace_id, self._clock.now() - timedelta(days=days))

    def runs(self, by: Principal, limit: int = 20) -> list[Run]:
        """Return the last times a rule was carried out and took something, newest first.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
        """
        require(by)
        column = retention_runs.c
        wanted = sa.select(retention_runs).where(column.workspace_id == by.workspace_id, column.count > 0).order_by(column.id.desc())
        with self._db.read() as connection:
            return [read_run(row) for row in connection.execute(wanted.limit(limit))]


class Taker:
    """Counts and takes what is too old of one kind; a subclass for each."""

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how much is older than a moment."""
        raise NotImplementedError

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Take a piece of it, no longer than about a second, and return how much that was; None where nothing is left."""
        raise NotImplementedError


def days_of(connection: sa.Connection, workspace_id: int) -> dict[DataKind, int]:
    """Return the rules somebody has set in a workspace."""
    column = retention_rules.c
    rows = connection.execute(sa.select(column.kind, column.days).where(column.workspace_id == workspace_id)).all()
    known = {kind.value for kind in DataKind}
    return {DataKind(row.kind): row.days for row in rows if row.kind in known}


def latest_run(connection: sa.Connection, workspace_id: int, kind: DataKind) -> Run | None:
    """Return when a rule was last carried out, None for never."""
    column = retention_runs.c
    mine = sa.select(retention_runs).where(column.workspace_id == workspace_id, column.kind == kind.value)
    row = connection.execute(mine.order_by(column.created_at.desc(), column.id.desc()).limit(1)).one_or_none()
    return None if row is None else read_run(row)


def read_run(row: sa.Row[tuple[object, ...]]) -> Run:
    """Return a row of `retention_runs` as what it says."""
    known = row._mapping
    return Run(DataKind(known["kind"]), known["older_than"], known["count"], known["created_at"], known["finished_at"])


def check_days(what: DataKind, days: int) -> None:
    """Do nothing where a time makes sense.

    Raises:
        InvalidInput: If it is too short or too long.
    """
    bounds = BOUNDS[what]
    if not bounds.least <= days <= bounds.most:
        raise InvalidInput("This can’t be kept for so many days.", hint=f"Choose {bounds.least:,} to {bounds.most:,} days.")


def _check_reach(rules: Mapping[DataKind, int], what: DataKind, days: int | None) -> None:
    """Do nothing unless who stopped reading would be judged by events that are gone: everybody would look as if they had."""
    events, inactive = rules.get(DataKind.EVENTS), rules.get(DataKind.INACTIVE)
    if days is None or what not in (DataKind.EVENTS, DataKind.INACTIVE) or events is None or inactive is None or inactive <= events:
        return
    raise InvalidInput(
        "Who stopped reading can only be told from events that are kept.",
        hint="Keep events at least as long as you wait for contacts who stopped reading.",
    )
