"""Who opened or clicked: gathers the signals of each event, finds what several show together, and lets the rules decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from core.events import patterns
from core.events.event import Event
from core.events.matching import Context
from core.events.patterns import Hit
from core.events.rules import RULES_VERSION, judge
from core.events.signals import Signal, gather, read, written
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


def judge_together(events: Iterable[Event]) -> None:
    """Judge clicks of one batch again that show together what none shows alone; what comes later settles it (`settling`)."""
    clicks: dict[int, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind is EventKind.CLICKED and event.message_id is not None:
            clicks[event.message_id].append(event)
    several = [event for of_one in clicks.values() if len(of_one) > 1 for event in of_one]
    if not several:
        return
    found = patterns.find(map(_hit, several))
    for event in several:
        joint = found.get(event.event_id)
        if joint:
            event.signals = written([*read(event.signals), *joint])
            _decide(event)


def _decide(event: Event) -> None:
    event.actor, event.actor_reason = _words(event.signals or "")
    event.rules_version = RULES_VERSION


@lru_cache(maxsize=4096)
def _words(signals: str) -> tuple[str, str | None]:
    """Return a verdict as events hold it: an enum's `value` is a call."""
    actor, reason = judge(signals)
    return actor.value, reason or None


def _hit(event: Event) -> Hit:
    seen = read(event.signals)
    return Hit(
        event_id=event.event_id,
        message=event.message_id or 0,
        is_click=True,
        at=event.at,
        link=event.link_id if event.link_id is not None else event.url,
        network=event.ip_prefix,
        is_head=Signal.HEAD in seen,
        is_honeypot=Signal.HONEYPOT in seen,
    )
