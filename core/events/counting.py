"""Counting what every step passed on or left out, minute by minute, so that people can see that nothing vanishes.

The words, as rows of `intake_minutes` (`step`, `outcome`: what `count` counts):

- `parse`, `passed`: journal lines read and understood, one event each, or one report of a provider.
- `parse`, `unreadable` or `invalid`: lines that are no JSON object, or lack what every line must have.
- `unpack`, `passed`: events taken from reports. `unpack`, `unreadable`: reports whose body can't be read.
- `match`, `message`, `contact` or `nobody`: events about a message of ours, about a contact only, about neither; all three go on.
- `match`, `unmatched`: events of our own that name no message we have.
- `deduplicate`, `passed` and `duplicate`.
- `judge`, `passed`, and so for any step that is added.
- `lake`, `passed`: events now in the lake. `slowest` of this row alone: seconds from what we heard to the lake.

An outcome that is a `DropReason` was left out at that step; every other one went on. Lines are counted for workspace 0
where nobody can tell whose they are. A step's input is what the one before passed on; what goes into `match` is what
`unpack` passed and those lines that `parse` passed which are events of our own.
"""

from __future__ import annotations

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


def _slowest(kept: Sequence[Event], now: datetime) -> dict[int, float]:
    oldest: dict[int, datetime] = {}
    for event in kept:
        if event.workspace_id not in oldest or event.received_at < oldest[event.workspace_id]:
            oldest[event.workspace_id] = event.received_at
    return {workspace_id: max(0.0, (now - heard).total_seconds()) for workspace_id, heard in oldest.items()}
