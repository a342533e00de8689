"""Counting what every step passed on or left out, minute by minute, so that people can see that nothing vanishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from core.events.event import Event, Step
from core.events.pipeline import PASSED, Counts
from core.events.tables import intake_minutes
from core.storage.database import upsert


def count_steps(connection: sa.Connection, counts: Counts, kept: Sequence[Event], now: datetime) -> None:
    """Add a batch to the minute's counters, inside the transaction that records it.

    Args:
        connection: The transaction.
        counts: What each step did.
        kept: The events now in the lake; the slowest of each workspace is noted.
        now: When.
    """
    if not counts:
        return
    column, minute = intake_minutes.c, now.replace(second=0, microsecond=0)
    before = {
        (row.workspace_id, row.step, row.outcome): (row.number, row.slowest)
        for row in connection.execute(
            sa.select(column.workspace_id, column.step, column.outcome, column.count.label("number"), column.slowest).where(
                column.minute == minute
            )
        )
    }
    slowest = _slowest(kept, now)
    rows = []
    for (workspace_id, step, outcome), number in sorted(counts.items()):
        counted, was = before.get((workspace_id, step.value, outcome), (0, None))
        is_kept = step is Step.LAKE and outcome == PASSED
        known = [seconds for seconds in (was, slowest.get(workspace_id) if is_kept else None) if seconds is not None]
        rows.append(
            {
                "workspace_id": workspace_id,
                "minute": minute,
                "step": step.value,
                "outcome": str(outcome),
                "count": counted + number,
                "slowest": max(known, default=None),
            }
        )
    upsert(connection, intake_minutes, rows, key=("workspace_id", "minute", "step", "outcome"), update=("count", "slowest"))


def _slowest(kept: Sequence[Event], now: datetime) -> Counter[int]:
    found: Counter[int] = Counter()
    for event in kept:
        seconds = (now - event.received_at).total_seconds()
        if seconds > found[event.workspace_id]:
            found[event.workspace_id] = seconds  # type: ignore[assignment]
    return found
