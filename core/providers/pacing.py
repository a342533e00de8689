"""How fast mail may leave through a connection, as a person sets it; the rules that follow from it are in `pace_rules`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Any

from core.errors import InvalidInput
from core.providers.domain_groups import GROUPS, group_named

FASTEST = 100_000.0
SLOWEST = 0.001
LARGEST_DAY = 1_000_000_000
LONGEST_WARM_UP = 120
_MOST_DOMAINS = 100
_DOMAIN = re.compile(r"^[^\s@/\\]+\.[^\s@/\\.]{2,}$")


@dataclass(frozen=True)
class WarmUp:
    """How much may leave on each day while a new address earns its reputation.

    Args:
        starts_on: The first day, in UTC.
        days: How many messages may leave on each day from then on; after the last day nothing is held back.
        groups: The part of each day's messages that may go to a group of recipients' domains, between 0 and 1.
    """

    starts_on: date
    days: tuple[int, ...]
    groups: Mapping[str, float] = field(default_factory=dict)

    def volume(self, day: date) -> int | None:
        """Return how many messages may leave on a day; None once it is over. Before the first day the first one's number counts."""
        number = max(0, (day - self.starts_on).days)
        return self.days[number] if number < len(self.days) else None

    def volume_for(self, day: date, group: str) -> int | None:
        """Return how many messages may go to a group of domains on a day; None where nothing says so."""
        whole, part = self.volume(day), self.groups.get(group)
        return None if whole is None or part is None else max(1, int(whole * part))

    @property
    def ends_on(self) -> date:
        """The first day without limits."""
        return self.starts_on + timedelta(days=len(self.days))


@dataclass(frozen=True)
class Pacing:
    """How fast and how much may leave through a connection.

    Args:
        per_second: Messages a second; None for as fast as it takes them.
        daily: Messages a day (UTC); None for any number.
        per_domain: Messages a second to a group of recipients' domains.
        warm_up: How much may leave on the first days.
    """

    per_second: float | None = None
    daily: int | None = None
    per_domain: Mapping[str, float] = field(default_factory=dict)
    warm_up: WarmUp | None = None

    @property
    def is_limited(self) -> bool:
        """Whether there is any limit."""
        return bool(self.per_second or self.daily or self.per_domain or self.warm_up)

    def allowance(self, day: date) -> int | None:
        """Return how many messages may leave on a day; None for any number."""
        known = [each for each in (self.daily, self.warm_up.volume(day) if self.warm_up else None) if each is not None]
        return min(known, default=None)

    def allowance_for(self, day: date, group: str) -> int | None:
        """Return how many messages may go to a group of domains on a day; None for any number."""
        return self.warm_up.volume_for(day, group) if self.warm_up else None

    def rate(self, group: str = "") -> float | None:
        """Return the messages a second to a group of domains, or to all; None where nothing is set."""
        return self.per_domain.get(group) if group else self.per_second

    @property
    def groups(self) -> frozenset[str]:
        """The groups of domains it says something about."""
        return frozenset(self.per_domain) | frozenset(self.warm_up.groups if self.warm_up else ())

    def as_json(self) -> dict[str, Any]:
        """Return what is stored; nothing for what is not set."""
        warm = self.warm_up
        plan = {"starts_on": warm.starts_on.isoformat(), "days": list(warm.days), "groups": dict(warm.groups)} if warm else None
        known = {"per_second": self.per_second, "daily": self.daily, "per_domain": dict(self.per_domain), "warm_up": plan}
        return {name: value for name, value in known.items() if value}


def stored_pacing(stored: Mapping[str, Any]) -> Pacing:
    """Return a pacing from what `as_json` made."""
    plan = stored.get("warm_up")
    warm = WarmUp(date.fromisoformat(plan["starts_on"]), tuple(plan["days"]), plan.get("groups", {})) if plan else None
    return Pacing(stored.get("per_second"), stored.get("daily"), stored.get("per_domain", {}), warm)


def checked_pacing(pacing: Pacing) -> Pacing:
    """Return a pacing as it is kept: groups under their own names.

    Raises:
        InvalidInput: If a number or a domain can't be used; names it.
    """
    per_second = None if pacing.per_second is None else _rate(pacing.per_second, "Messages a second")
    daily = None if pacing.daily is None else _volume(pacing.daily, "Messages a day")
    if len(pacing.per_domain) > _MOST_DOMAINS:
        raise InvalidInput(f"Limits for {len(pacing.per_domain)} domains are too many.", hint=f"At most {_MOST_DOMAINS} can be kept.")
    per_domain = {_group(name): _rate(each, f"Messages a second to {name}") for name, each in pacing.per_domain.items()}
    return Pacing(per_second, daily, per_domain, None if pacing.warm_up is None else _warm_up(pacing.warm_up))


def growing(first: int, last: int, days: int) -> tuple[int, ...]:
    """Return the volumes of a warm-up that grows by the same part every day.

    Raises:
        InvalidInput: If it can't be planned like that.
    """
    if not 2 <= days <= LONGEST_WARM_UP or not 1 <= first <= last <= LARGEST_DAY:
        hint = f"It begins with at least 1, ends with no less than it began with, and takes 2 to {LONGEST_WARM_UP} days."
        raise InvalidInput("This warm-up can't be planned.", hint=hint)
    step = (last / first) ** (1 / (days - 1))
    return (*(_rounded(first * step**day) for day in range(days - 1)), last)


def midnight_after(now: datetime) -> datetime:
    """Return the moment the next day begins, in UTC."""
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)


def _rounded(value: float) -> int:
    """Return a volume people would write: two digits that count."""
    whole = round(value)
    scale: int = 10 ** max(0, len(str(whole)) - 2)
    return int(max(1, round(whole / scale) * scale))


def _warm_up(plan: WarmUp) -> WarmUp:
    if not 1 <= len(plan.days) <= LONGEST_WARM_UP:
        raise InvalidInput(f"A warm-up of {len(plan.days)} days can't be used.", hint=f"It takes 1 to {LONGEST_WARM_UP} days.")
    days = tuple(_volume(each, f"Day {number} of the warm-up") for number, each in enumerate(plan.days, 1))
    for name, part in plan.groups.items():
        if not 0 < part <= 1:
            raise InvalidInput(f"The share of {name[:40]} can't be {part}.", hint="It is a part of each day's messages, up to 1 (all).")
    return WarmUp(plan.starts_on, days, {_group(name): float(part) for name, part in plan.groups.items()})


def _group(name: str) -> str:
    group = group_named(name)
    if group not in GROUPS and (not _DOMAIN.match(group) or len(group) > 253):
        known = ", ".join(GROUPS)
        raise InvalidInput(f"“{name[:40]}” is not a domain.", hint=f"Write a domain such as example.com, or one of: {known}.")
    return group


def _rate(value: float, what: str) -> float:
    if not isfinite(value) or not SLOWEST <= value <= FASTEST:
        raise InvalidInput(f"{what} can't be {value}.", hint=f"Write a number between {SLOWEST} and {FASTEST:,.0f}.")
    return float(value)


def _volume(value: int, what: str) -> int:
    if not 1 <= value <= LARGEST_DAY:
        raise InvalidInput(f"{what} can't be {value}.", hint=f"Write a whole number between 1 and {LARGEST_DAY:,}.")
    return int(value)
