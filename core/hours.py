"""Hours in which mail may leave: wall times of a zone, windows of the week, quiet hours, and when they open next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from core.errors import InvalidInput

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = 24 * 60
# Every opening of a week, and a day on either side: the zone of the window and that of the person may be a day apart.
_LOOK_AHEAD = range(-1, 9)
_SECOND = timedelta(seconds=1)
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?")


@dataclass(frozen=True)
class Window:
    """Hours of some days of the week.

    Args:
        opens: The minute of the day it opens at.
        closes: The minute of the day it closes at, later than `opens`; 1,440 is midnight.
        weekdays: The days, Monday is 0.
    """

    opens: int
    closes: int
    weekdays: frozenset[int]

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= WHOLE_DAY:
            raise InvalidInput("A window has to close later than it opens, on the same day.", hint="For example 09:00 to 18:00.")
        if not self.weekdays or not self.weekdays <= frozenset(range(7)):
            raise InvalidInput("A window needs at least one day of the week.", hint="For example Monday to Friday.")

    def has(self, local: datetime) -> bool:
        """Return whether a local time lies in it."""
        return local.weekday() in self.weekdays and self.opens <= _minute(local) < self.closes

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept and shown by the API."""
        days = [DAYS[day] for day in sorted(self.weekdays)]
        return {"opens": minute_words(self.opens), "closes": minute_words(self.closes), "weekdays": days}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Window:
        """Return what `as_json` wrote, or somebody else in its form.

        Raises:
            InvalidInput: If it is none.
        """
        return cls(minute_of(given.get("opens")), minute_of(given.get("closes")), _weekdays(given.get("weekdays")))


@dataclass(frozen=True)
class Quiet:
    """Hours of every day in which nobody gets anything; they may go past midnight.

    Args:
        starts: The minute of the day they start at.
        ends: The minute of the day they end at.
    """

    starts: int
    ends: int

    def __post_init__(self) -> None:
        if self.starts == self.ends or not (0 <= self.starts < WHOLE_DAY and 0 <= self.ends < WHOLE_DAY):
            raise InvalidInput("Quiet hours can't last the whole day.", hint="For example 21:00 to 08:00.")

    def has(self, local: datetime) -> bool:
        """Return whether a local time lies in them."""
        minute = _minute(local)
        if self.starts < self.ends:
            return self.starts <= minute < self.ends
        return minute >= self.starts or minute < self.ends

    def as_json(self) -> dict[str, Any]:
        """Return them as they are kept and shown by the API."""
        return {"starts": minute_words(self.starts), "ends": minute_words(self.ends)}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Quiet:
        """Return what `as_json` wrote.

        Raises:
            InvalidInput: If it is none.
        """
        return cls(minute_of(given.get("starts")), minute_of(given.get("ends")))


@dataclass(frozen=True)
class Hours:
    """When a campaign may go out.

    Args:
        zone: The workspace's zone: that of the window, and of everybody whose own is not known.
        window: The campaign's hours, or None for any.
        in_contact_zone: Whether the window is meant in each contact's zone.
        quiet: The workspace's quiet hours, always in the contact's zone, or None.
    """

    zone: str
    window: Window | None = None
    in_contact_zone: bool = False
    quiet: Quiet | None = None

    @property
    def home(self) -> ZoneInfo:
        """The workspace's zone."""
        return zone_named(self.zone) or ZoneInfo("UTC")

    @property
    def is_personal(self) -> bool:
        """Whether somebody may get mail at a moment at which somebody else may not."""
        return self.quiet is not None or (self.window is not None and self.in_contact_zone)

    def allows(self, at: datetime, person: ZoneInfo) -> bool:
        """Return whether somebody who lives in a zone may get mail at a moment."""
        if self.quiet is not None and self.quiet.has(at.astimezone(person)):
            return False
        return self.window is None or self.window.has(at.astimezone(self._window_zone(person)))

    def next(self, after: datetime, person: ZoneInfo) -> datetime | None:
        """Return the first moment from `after` on at which somebody may get mail; None where no hour of the week fits."""
        if self.allows(after, person):
            return after
        return next((at for at in sorted(self._edges(after, person)) if at > after and self.allows(at, person)), None)

    def changes(self, after: datetime, person: ZoneInfo) -> datetime | None:
        """Return when it has to be looked at again at the latest whether somebody may get mail; None for never."""
        return min((at for at in self._edges(after, person) if at > after), default=None)

    def _window_zone(self, person: ZoneInfo) -> ZoneInfo:
        return person if self.in_contact_zone else self.home

    def _edges(self, around: datetime, person: ZoneInfo) -> Iterator[datetime]:
        if self.window is not None:
            for minute in (self.window.opens, self.window.closes):
                yield from _daily(around, minute, self._window_zone(person))
        if self.quiet is not None:
            for minute in (self.quiet.starts, self.quiet.ends):
                yield from _daily(around, minute, person)


@lru_cache(maxsize=2_000)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of this IANA name, however its letters are written, or None."""
    known = _zones().get(name.strip().lower())
    return ZoneInfo(known) if known else None


def moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment at which the clocks of a zone show a time.

    A time that comes twice, because clocks are put back, is meant the first time; one that is left out, because they are put
    forward, is the moment they are.

    Args:
        wall: The time on the clock; naive.
        zone: Whose clock.
    """
    at = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None, fold=0) == wall:
        return at
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while at - before > _SECOND:
        middle = before + (at - before) // _SECOND // 2 * _SECOND
        is_past = middle.astimezone(zone).replace(tzinfo=None, fold=0) >= wall
        before, at = (before, middle) if is_past else (middle, at)
    return at


def minute_of(text: object) -> int:
    """Return the minute of the day of "9", "9:00" or "09:00"; "24:00" is the end of the day.

    Raises:
        InvalidInput: If it is no time of day.
    """
    found = _CLOCK.fullmatch(text.strip()) if isinstance(text, str) else None
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if minute > 59 or hour * 60 + minute > WHOLE_DAY:
        raise InvalidInput("This is no time of day.", hint="Write it as 09:00 or 18:30.")
    return hour * 60 + minute


def minute_words(minute: int) -> str:
    """Return a minute of the day as "09:00"."""
    return f"{minute // 60:02}:{minute % 60:02}"


def parse_window(text: str) -> Window:
    """Return the window of "mon-fri 9:00-18:00"; without days it is every day.

    Raises:
        InvalidInput: If it can't be read.
    """
    *days, hours = text.lower().split() or [""]
    opens, dash, closes = hours.partition("-")
    if not dash or len(days) > 1:
        raise InvalidInput("This window can't be read.", hint="Write it as “mon-fri 9:00-18:00”.")
    return Window(minute_of(opens), minute_of(closes), _days_named(days[0]) if days else frozenset(range(7)))


def _days_named(text: str) -> frozenset[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        begins, ends = _day(first), _day(last or first)
        chosen.update((begins + step) % 7 for step in range((ends - begins) % 7 + 1))
    return frozenset(chosen)


def _weekdays(given: object) -> frozenset[int]:
    if not isinstance(given, list | tuple):
        raise InvalidInput("A window needs its days of the week.", hint="Write them as mon, tue, wed, thu, fri, sat, sun.")
    return frozenset(_day(each) for each in given)


def _day(name: object) -> int:
    short = name.strip().lower()[:3] if isinstance(name, str) else ""
    if short not in DAYS:
        raise InvalidInput("This is no day of the week.", hint="Write it as mon, tue, wed, thu, fri, sat or sun.")
    return DAYS.index(short)


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _daily(around: datetime, minute: int, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield the moments at which a zone's clocks show a minute of the day, over the days around a moment."""
    today = around.astimezone(zone).date()
    for offset in _LOOK_AHEAD:
        yield _at_minute(today + timedelta(days=offset), minute, zone)


@lru_cache(maxsize=20_000)
def _at_minute(day: date, minute: int, zone: ZoneInfo) -> datetime:
    return moment(datetime.combine(day, time()) + timedelta(minutes=minute), zone)


@cache
def _zones() -> Mapping[str, str]:
    return {name.lower(): name for name in available_timezones()}
