"""What came in, in figures: how many events got to the lake, how late, and what was left out at which step and why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.events.backlog import Backlog
from core.events.event import DropReason, Step
from core.events.pipeline import PASSED
from core.events.tables import intake_minutes
from core.storage.engine import AnalyticsEngine

_REASONS = frozenset(reason.value for reason in DropReason)
_ORDER = [step.value for step in Step]
# Up to which span how long one point of a chart is: at most a few hundred points.
_STEPS = (
    (timedelta(hours=2), timedelta(minutes=1)),
    (timedelta(days=2), timedelta(minutes=15)),
    (timedelta(days=14), timedelta(hours=1)),
)
_LONGEST_STEP = timedelta(days=1)
# Some providers tell days later.
_LATE = timedelta(days=3)
_SOURCES = """
    select coalesce(provider, '') as provider, count(*) as events, max(received_at) as last_at
    from events where received_at >= $since group by 1 order by 2 desc, 1
"""


@dataclass(frozen=True)
class Moment:
    """What came in during one point of the chart.

    Args:
        at: When it begins.
        kept: Events that got to the lake.
        repeated: Events that were told again and left out.
        left_out: Events and lines left out for any other reason.
    """

    at: datetime
    kept: int = 0
    repeated: int = 0
    left_out: int = 0


@dataclass(frozen=True)
class StepCount:
    """What one step did.

    Args:
        step: The step (`Step`).
        outcome: "passed", or in which way; or why it left something out (`DropReason`).
        count: How many.
        last_at: The last minute in which it did.
        is_ours: Whether it is this workspace's; else it could not be told whose it was.
        is_left_out: Whether this is why something did not get to the lake.
    """

    step: str
    outcome: str
    count: int
    last_at: datetime
    is_ours: bool
    is_left_out: bool


@dataclass(frozen=True)
class Source:
    """Where events came from.

    Args:
        provider: Which kind of provider told; "" for what Postwright saw itself.
        events: How many.
        last_at: The last one.
    """

    provider: str
    events: int
    last_at: datetime


@dataclass(frozen=True)
class Overview:
    """What came in since a moment.

    Args:
        since: From when on.
        until: Now.
        step: How long each of the moments is.
        moments: All of them, oldest first, also those in which nothing came.
        steps: What each step did, in the order of the steps, the most frequent first.
        slowest: The longest time in seconds from hearing of an event to the lake, None if nothing came.
        sources: Where events came from.
        backlog: What waits now.
        raw_since: How far back raw lines are kept, None where there are none.
    """

    since: datetime
    until: datetime
    step: timedelta
    moments: list[Moment]
    steps: list[StepCount]
    slowest: float | None
    sources: list[Source]
    backlog: Backlog
    raw_since: datetime | None

    @property
    def kept(self) -> int:
        """Events that got to the lake."""
        return sum(moment.kept for moment in self.moments)

    @property
    def repeated(self) -> int:
        """Events that were told again."""
        return sum(moment.repeated for moment in self.moments)

    @property
    def left_out(self) -> int:
        """Events and lines left out for any other reason."""
        return sum(moment.left_out for moment in self.moments)

    @property
    def reasons(self) -> list[StepCount]:
        """Why something was left out, the most frequent first, and repetitions, which mean no harm, last."""
        left = (each for each in self.steps if each.is_left_out)
        return sorted(left, key=lambda each: (each.outcome == DropReason.DUPLICATE, -each.count))


@dataclass(frozen=True)
class Counted:
    """The counters of a time, added up."""

    step: timedelta
    moments: list[Moment]
    steps: list[StepCount]
    slowest: float | None


def count(connection: sa.Connection, workspace_id: int, since: datetime, until: datetime) -> Counted:
    """Return what was counted for a workspace, and for what could not be told whose it is."""
    column = intake_minutes.c
    step = next((step for span, step in _STEPS if until - since <= span), _LONGEST_STEP)
    number = _number(connection, column.minute, step).label("number")
    first, last = int(since.timestamp() // step.total_seconds()), int(until.timestamp() // step.total_seconds())
    begin = datetime.fromtimestamp(first * step.total_seconds(), UTC)
    told = (number, (column.workspace_id == workspace_id).label("is_ours"), column.step, column.outcome)
    sums = (
        sa.func.sum(column.count).label("events"),
        sa.func.max(column.slowest).label("slowest"),
        sa.func.max(column.minute).label("last_at"),
    )
    inside = (column.workspace_id.in_((0, workspace_id)), column.minute >= begin, column.minute <= until)
    grouped = sa.select(*told, *sums).where(*inside).group_by(number, column.workspace_id, column.step, column.outcome)
    rows = connection.execute(grouped).all()
    slowest = max((row.slowest for row in rows if row.slowest is not None), default=None)
    moments = _moments(rows, [(each, begin + (each - first) * step) for each in range(first, last + 1)])
    return Counted(step, moments, _steps(rows), slowest)


def _number(connection: sa.Connection, minute: sa.ColumnElement[Any], step: timedelta) -> sa.ColumnElement[int]:
    """Return the number of the step that a minute falls into, counted since 1970; added up there, a week is a few hundred rows."""
    is_sqlite = connection.dialect.name == "sqlite"
    seconds = sa.func.strftime("%s", minute) if is_sqlite else sa.func.extract("epoch", minute)
    return sa.cast(seconds, sa.BigInteger) // sa.literal_column(str(int(step.total_seconds())), sa.BigInteger)


def sources(engine: AnalyticsEngine, workspace_id: int, since: datetime) -> list[Source]:
    """Return where a workspace's events came from, the busiest first."""
    with engine.session(workspace_id, since=since - _LATE) as session:
        return [Source(row["provider"], row["events"], row["last_at"]) for row in session.rows(_SOURCES, {"since": since})]


def _moments(rows: Sequence[Any], numbered: Sequence[tuple[int, datetime]]) -> list[Moment]:
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    for row in rows:
        which = _which(row.step, row.outcome)
        if which is not None:
            found[int(row.number)][which] += int(row.events)
    return [Moment(at, *found.get(number, (0, 0, 0))) for number, at in numbered]


def _which(step: str, outcome: str) -> int | None:
    if step == Step.LAKE and outcome == PASSED:
        return 0
    if outcome == DropReason.DUPLICATE:
        return 1
    return 2 if outcome in _REASONS else None


def _steps(rows: Sequence[Any]) -> list[StepCount]:
    found: dict[tuple[str, str, bool], tuple[int, datetime]] = {}
    for row in rows:
        key = (row.step, row.outcome, bool(row.is_ours))
        number, last_at = found.get(key, (0, row.last_at))
        found[key] = (number + int(row.events), max(last_at, row.last_at))
    counted = [StepCount(*key[:2], number, last_at, key[2], key[1] in _REASONS) for key, (number, last_at) in found.items()]
    return sorted(counted, key=lambda each: (_ORDER.index(each.step) if each.step in _ORDER else len(_ORDER), -each.count, each.outcome))
