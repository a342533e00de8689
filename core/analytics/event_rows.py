"""Events as they are, in batches, for those who work on them elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from core.errors import InvalidInput
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventKind

BATCH_ROWS = 50_000
_COLUMNS = ", ".join(EVENT_SCHEMA.names)


@dataclass(frozen=True)
class EventQuestion:
    """Which events.

    Args:
        campaign_id: Only this campaign's; None means all.
        kind: Only this kind; None means all.
        since: Only those that happened at or after this; None means all.

    Raises:
        InvalidInput: If there is no such kind, or the time has no zone.
    """

    campaign_id: int | None = None
    kind: str | None = None
    since: datetime | None = None

    def __post_init__(self) -> None:
        kinds = [kind.value for kind in EventKind]
        if self.kind is not None and self.kind not in kinds:
            raise InvalidInput(f"There is no kind of event “{self.kind[:60]}”.", hint=f"Kinds: {', '.join(kinds)}.")
        if self.since is not None and self.since.tzinfo is None:
            raise InvalidInput("The time to begin with has no zone.", hint="Write it like 2026-11-22T12:00:00Z.")


def event_batches(
    engine: AnalyticsEngine, workspace_id: int, question: EventQuestion, only_campaigns: Collection[int] | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield the events asked for in order of time; nothing larger than a batch is held here.

    Args:
        engine: Where questions are answered.
        workspace_id: Whose events.
        question: Which of them.
        only_campaigns: Events of other campaigns, and of none, are left out; None for every event.
    """
    where, values = _conditions(question)
    with engine.session(workspace_id, since=question.since, campaign_id=question.campaign_id, only_campaigns=only_campaigns) as session:
        sql = f"select {_COLUMNS} from events where {where} order by occurred_at, event_id"
        yield from session.batches(sql, values, BATCH_ROWS)


def event_page(
    engine: AnalyticsEngine,
    workspace_id: int,
    question: EventQuestion,
    after: tuple[datetime, int] | None,
    limit: int,
    only_campaigns: Collection[int] | None = None,
) -> list[dict[str, Any]]:
    """Return events asked for in order of time, from one on.

    Args:
        engine: Where they are.
        workspace_id: Whose.
        question: Which.
        after: When the last event of the page before happened, and its id.
        limit: How many at most.
        only_campaigns: As for `event_batches`.
    """
    where, values = _conditions(question)
    if after is not None:
        where += " and (occurred_at > $moment or (occurred_at = $moment and event_id > $event))"
        values |= {"moment": after[0], "event": after[1]}
    begins = max((moment for moment in (question.since, after[0] if after else None) if moment), default=None)
    sql = f"select {_COLUMNS} from events where {where} order by occurred_at, event_id limit {int(limit)}"
    with engine.session(workspace_id, since=begins, campaign_id=question.campaign_id, only_campaigns=only_campaigns) as session:
        return session.rows(sql, values)


def _conditions(question: EventQuestion) -> tuple[str, dict[str, Any]]:
    conditions = {"campaign_id": "campaign_id = $campaign_id", "kind": "kind = $kind", "since": "occurred_at >= $since"}
    values = {name: getattr(question, name) for name in conditions if getattr(question, name) is not None}
    return " and ".join(conditions[name] for name in values) or "true", values
