"""Who opened or clicked: gathers the signals of each event and lets the rules decide.

Each event is judged alone here, so that it makes no difference how lines fall into batches; what several show together is
found when clicks are settled (`settling`).
"""

from __future__ import annotations

from functools import lru_cache

from core.events.event import Event
from core.events.matching import Context
from core.events.rules import RULES_VERSION, judge
from core.events.signals import gather
from core.storage.event_words import Actor, EventKind

_BY_A_PERSON = frozenset({EventKind.UNSUBSCRIBED, EventKind.COMPLAINED, EventKind.CONVERTED, EventKind.SUBSCRIBED, EventKind.REPLIED})


def judge_actor(event: Event, context: Context) -> Event:
    """Set who acted and why we think so; kinds in which nobody acts (`sent`, `bounced`) have no actor."""
    kind = event.kind
    if kind is EventKind.OPENED or kind is EventKind.CLICKED:
        event.signals = gather(event, context.datacentres.holds)
        _decide(event)
    elif kind in _BY_A_PERSON:
        event.actor = Actor.HUMAN.value
    return event


def _decide(event: Event) -> None:
    event.actor, event.actor_reason = _words(event.signals or "")
    event.rules_version = RULES_VERSION


@lru_cache(maxsize=4096)
def _words(signals: str) -> tuple[str, str | None]:
    """Return a verdict as events hold it: an enum's `value` is a call."""
    actor, reason = judge(signals)
    return actor.value, reason or None
