"""When a campaign goes out: the hours it may, whose hours those are, and the time it is put off to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from core.errors import InvalidInput
from core.hours import Hours, Window
from core.sending_rules import SendingRules

# Who is reached at most so much later than planned is on time; later than this, what was chosen for late ones counts.
STILL_ON_TIME = timedelta(hours=1)
FURTHEST = timedelta(days=366)


class Late(StrEnum):
    """What happens for those whose clocks have passed the time already."""

    NOW = "now"
    NEXT_DAY = "next_day"


@dataclass(frozen=True)
class Timing:
    """How a campaign keeps time.

    Args:
        window: The hours it may go out in, or None for any.
        in_contact_zone: Whether its hours and the time it is scheduled for are meant in each contact's time zone.
        late: What happens for those whose clocks have passed the time already.
        ignores_cap: Whether it goes out whatever its readers got before: it is important.
    """

    window: Window | None = None
    in_contact_zone: bool = False
    late: Late = Late.NOW
    ignores_cap: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept; what says nothing is left out."""
        kept: dict[str, Any] = {"window": self.window.as_json()} if self.window else {}
        kept |= {name: True for name in ("in_contact_zone", "ignores_cap") if getattr(self, name)}
        return kept | ({"late": self.late.value} if self.late is not Late.NOW else {})

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Timing:
        """Return what `as_json` wrote."""
        window = Window.from_json(kept["window"]) if kept.get("window") else None
        late = Late(kept.get("late", Late.NOW.value))
        return cls(window, bool(kept.get("in_contact_zone")), late, bool(kept.get("ignores_cap")))


@dataclass(frozen=True)
class Appointment:
    """What was said when a campaign was scheduled.

    Args:
        wall: The time on the clock, naive.
        zone: Whose clock: the workspace's zone as it was then; empty for each contact's own.
        label: Who said it, as records name them.
        lists: The only lists whose contacts they might write to; None for all.
    """

    wall: datetime
    zone: str
    label: str
    lists: frozenset[int] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept, beside the timing."""
        lists = None if self.lists is None else sorted(self.lists)
        return {"wall": self.wall.isoformat(timespec="minutes"), "zone": self.zone, "by": {"label": self.label, "lists": lists}}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Appointment | None:
        """Return what `as_json` wrote, or None where nothing is scheduled."""
        if not kept.get("wall"):
            return None
        lists = kept["by"]["lists"]
        return cls(datetime.fromisoformat(kept["wall"]), kept["zone"], kept["by"]["label"], None if lists is None else frozenset(lists))


def checked_wall(at: datetime) -> datetime:
    """Return a time on the clock, to the minute.

    Raises:
        InvalidInput: If it names a zone: whose clock it is on is said apart.
    """
    if at.tzinfo is not None:
        raise InvalidInput("This time names a time zone.", hint="Leave it out: write 2026-12-01T09:00 and say whose clock it is.")
    return at.replace(second=0, microsecond=0, fold=0)


def hours_of(timing: Timing, zone: str, rules: SendingRules) -> Hours:
    """Return when a campaign may go out."""
    return Hours(zone, timing.window, timing.in_contact_zone, rules.quiet)
