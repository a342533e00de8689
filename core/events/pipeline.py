"""The way of every event: a list of steps, each of which passes it on or says why it is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from core.events.client import describe_client
from core.events.deduplicating import drop_duplicates
from core.events.event import Drop, Event, Step
from core.events.judging import judge_actor
from core.events.matching import Context, match

PASSED = "passed"

# (workspace, step, what became of it) -> how many
Counts = Counter[tuple[int, Step, str]]


@dataclass(frozen=True)
class Sorted:
    """What became of a batch.

    Args:
        kept: The events for the lake, in the order they came.
        counts: How many each step passed on or left out, and why.
    """

    kept: list[Event]
    counts: Counts

    @property
    def dropped(self) -> dict[str, int]:
        """How many were left out, by reason."""
        found: Counter[str] = Counter()
        for (_, _, outcome), number in self.counts.items():
            if outcome != PASSED:
                found[outcome] += number
        return dict(found)


Doing = Callable[[Event, Context], Event | Drop]

STEPS: tuple[tuple[Step, Doing], ...] = (
    (Step.MATCH, match),
    (Step.DEDUPLICATE, drop_duplicates),
    (Step.JUDGE, judge_actor),
    (Step.LAKE, describe_client),
)


def sort_out(found: Iterable[Event | Drop], context: Context) -> Sorted:
    """Send every event through the steps; what was dropped before is counted with the rest."""
    kept: list[Event] = []
    counts: Counts = Counter()
    for event in found:
        outcome = _through_steps(event, context) if isinstance(event, Event) else event
        if isinstance(outcome, Drop):
            counts[outcome.workspace_id, outcome.step, outcome.reason] += 1
        else:
            kept.append(outcome)
            counts[outcome.workspace_id, Step.LAKE, PASSED] += 1
    return Sorted(kept, counts)


def _through_steps(event: Event, context: Context) -> Event | Drop:
    for _, step in STEPS:
        outcome = step(event, context)
        if isinstance(outcome, Drop):
            return outcome
        event = outcome
    return event
