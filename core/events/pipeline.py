"""The way of every event: a list of steps, each of which passes it on or says why it is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from core.events.client import describe_client
from core.events.concealing import conceal
from core.events.deduplicating import drop_duplicates
from core.events.event import Drop, DropReason, Event, Found, Step
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
        counts: How many each step passed on or left out, and why; `counting` says in which words.
    """

    kept: list[Event]
    counts: Counts

    @property
    def dropped(self) -> dict[str, int]:
        """How many were left out, by reason."""
        found: Counter[str] = Counter()
        for (_, _, outcome), number in self.counts.items():
            if outcome in _REASONS:
                found[outcome] += number
        return dict(found)


def take_person_out(event: Event, context: Context) -> Event:
    """Leave out whose it was, in workspaces that track no people."""
    return conceal(event, context.privacy) if context.privacy.workspace_ids else event


Doing = Callable[[Event, Context], Event | Drop]

STEPS: tuple[tuple[Step, Doing], ...] = (
    (Step.MATCH, match),
    (Step.DEDUPLICATE, drop_duplicates),
    (Step.JUDGE, judge_actor),
    (Step.LAKE, describe_client),
    (Step.LAKE, take_person_out),
)


_REASONS = frozenset(reason.value for reason in DropReason)
# (workspace, told by a provider, whom it was matched to, where it was left out, why)
_Fate = tuple[int, bool, Found, Step | None, str]


def sort_out(found: Iterable[Event | Drop], context: Context, reports: Mapping[int, int] | None = None) -> Sorted:
    """Send every event through the steps; what was dropped before is counted with the rest.

    Args:
        found: The events, and why lines gave none.
        context: What the steps look up.
        reports: How many reports of providers were read, by workspace.
    """
    kept: list[Event] = []
    fates: Counter[_Fate] = Counter()
    counts: Counts = Counter()
    for event in found:
        if isinstance(event, Drop):
            counts[event.workspace_id, event.step, event.reason.value] += 1
            continue
        drop = _through_steps(event, context)
        if drop is None:
            kept.append(event)
            fates[event.workspace_id, event.is_reported, event.found, None, ""] += 1
        else:
            fates[event.workspace_id, event.is_reported, event.found, drop.step, drop.reason.value] += 1
    for fate, number in fates.items():
        counts.update(_stations(fate, number))
    counts.update({(workspace_id, Step.PARSE, PASSED): number for workspace_id, number in (reports or {}).items()})
    return Sorted(kept, counts)


def _through_steps(event: Event, context: Context) -> Drop | None:
    for _, step in STEPS:
        outcome = step(event, context)
        if isinstance(outcome, Drop):
            return outcome
    return None


def _stations(fate: _Fate, number: int) -> Counts:
    """Return what each step did with events of one fate."""
    workspace_id, is_reported, found, dropped_at, reason = fate
    counts: Counts = Counter({(workspace_id, Step.UNPACK if is_reported else Step.PARSE, PASSED): number})
    for step in dict.fromkeys(step for step, _ in STEPS):
        if step is dropped_at:
            counts[workspace_id, step, reason] += number
            break
        counts[workspace_id, step, found.value if step is Step.MATCH else PASSED] += number
    return counts
