"""The rules of pace, without any state of their own: whether a connection is open, and what of a chunk may leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from core.providers.pacing import Pacing, midnight_after
from core.providers.standing import Standing, fresh, permitted, refilled, worthwhile_at

ALL = ""  # the group of all recipients


@dataclass(frozen=True)
class Known:
    """All that is known of a connection at one moment.

    Args:
        pacing: What a person set.
        standings: What it stands at, by group; "" is all of it.
        counts: What left today, by group.
    """

    pacing: Pacing = field(default_factory=Pacing)
    standings: Mapping[str, Standing] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def is_free(self) -> bool:
        """Whether nothing limits it, so that nobody has to be asked."""
        return not self.pacing.is_limited and all(each.is_plain for each in self.standings.values())

    def standing(self, group: str, now: datetime) -> Standing:
        """Return what a group stands at now."""
        configured = self.pacing.rate(group)
        known = self.standings.get(group)
        return refilled(known, configured, now) if known else fresh(configured, now)

    def left_today(self, day: date) -> int | None:
        """Return how many messages may still leave today; None for any number."""
        allowed = self.pacing.allowance(day)
        return None if allowed is None else max(0, allowed - self.counts.get(ALL, 0))

    def left_today_for(self, day: date, group: str) -> int | None:
        """Return the same for a group of domains."""
        allowed = self.pacing.allowance_for(day, group)
        return None if allowed is None else max(0, allowed - self.counts.get(group, 0))


@dataclass(frozen=True)
class Closed:
    """Nothing may leave through a connection.

    Args:
        until: When to look again.
        reason: Why, in words.
        is_pace: Whether this is nothing but its own rate, which hands over to nobody.
    """

    until: datetime
    reason: str
    is_pace: bool = False


def opening(known: Known, name: str, now: datetime, *, is_urgent: bool = False) -> int | Closed | None:
    """Return how many messages may leave through a connection now, or until when none may and why; None for any number.

    Args:
        known: What is known of it.
        name: What people call it.
        now: The time.
        is_urgent: Whether somebody waits for what is to leave; it goes before campaigns.
    """
    whole, day = known.standing(ALL, now), now.date()
    if whole.is_held(now) and whole.held_until is not None:
        return Closed(whole.held_until, whole.reason)
    left = known.left_today(day)
    if left == 0:
        return Closed(midnight_after(now), _used_up(known.pacing, name, day))
    if (rate := whole.rate(known.pacing.per_second)) is None:
        return left
    if (at := worthwhile_at(whole, known.pacing.per_second, now, is_urgent=is_urgent)) > now:
        return Closed(at, f"“{name}” is sending as fast as it may.", is_pace=True)
    permits = permitted(whole, rate, is_urgent=is_urgent)
    return permits if left is None else min(permits, left)


@dataclass(frozen=True)
class Allotted:
    """What of a chunk may leave.

    Args:
        now: How many, by group of domains.
        waits: From when on the others of a group may leave, and how many a second; None for all at once.
        standings: What has changed.
    """

    now: dict[str, int]
    waits: dict[str, tuple[datetime, float | None]]
    standings: dict[str, Standing]


def allot(known: Known, wanted: Mapping[str, int], now: datetime, *, is_urgent: bool = False) -> Allotted:
    """Return how many of each group may leave now; never more than rate × time and one burst.

    Args:
        known: What is known of the connection.
        wanted: How many would, by group.
        now: The time.
        is_urgent: Whether somebody waits for them; they go before campaigns.
    """
    whole = known.standing(ALL, now)
    rate, left = whole.rate(known.pacing.per_second), known.left_today(now.date())
    total = sum(wanted.values()) if rate is None else permitted(whole, rate, is_urgent=is_urgent)
    total = 0 if whole.is_held(now) else total if left is None else min(total, left)
    result = Allotted({}, {}, {})
    for group, count in wanted.items():
        result.now[group] = _allotted_to(known, group, min(count, total), count, now, result, is_urgent=is_urgent)
        total -= result.now[group]
        if result.now[group] < count:  # where only the connection's own limits are in the way, any way may take it at once
            result.waits.setdefault(group, (now, None))
    if rate is not None:
        result.standings[ALL] = replace(whole, permits=whole.permits - sum(result.now.values()))
    return result


def _allotted_to(known: Known, group: str, possible: int, count: int, now: datetime, result: Allotted, *, is_urgent: bool) -> int:
    """Return how many of a group may leave as far as its domains are concerned, and note from when on the others may."""
    standing, configured = known.standing(group, now), known.pacing.rate(group)
    rate, left = standing.rate(configured), known.left_today_for(now.date(), group)
    allowed = possible if rate is None else min(possible, permitted(standing, rate, is_urgent=is_urgent))
    if left is not None and left < count:
        allowed = min(allowed, left)
        result.waits[group] = (midnight_after(now), rate)
    if standing.is_held(now) and standing.held_until is not None:
        allowed = 0
        result.waits[group] = (standing.held_until, rate)
    elif rate is not None and allowed < possible and group not in result.waits:
        result.waits[group] = (now, rate)
    if rate is not None:
        result.standings[group] = replace(standing, permits=standing.permits - allowed)
    return allowed


def _used_up(pacing: Pacing, name: str, day: date) -> str:
    allowed = pacing.allowance(day)
    warm = pacing.warm_up.volume(day) if pacing.warm_up else None
    why = "its warm-up" if warm is not None and warm == allowed else "its daily quota"
    return f"“{name}” has sent the {allowed:,} messages {why} allows for today; it goes on after midnight UTC."
