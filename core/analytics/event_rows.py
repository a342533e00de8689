"""Events as they are, in batches, for those who work on them elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from core.errors import InvalidInput
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventKind

BATCH_ROWS = 50_000


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
    conditions = {"campaign_id": "campaign_id = $campaign_id", "kind": "kind = $kind", "since": "occurred_at >= $since"}
    values = {name: getattr(question, name) for name in conditions if getattr(question, name) is not None}
    where = " and ".join(conditions[name] for name in values) or "true"
    columns = ", ".join(EVENT_SCHEMA.names)
    with engine.session(workspace_id, since=question.since, campaign_id=question.campaign_id, only_campaigns=only_campaigns) as session:
        sql = f"select {columns} from events where {where} order by occurred_at, event_id"
        yield from session.batches(sql, values, BATCH_ROWS)
