"""What time it is: always aware UTC, and replaceable in tests."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Anything that can tell the time."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is told to move; for tests and replays.

    Args:
        at: The time it shows; must be aware.
    """

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("FrozenClock needs an aware datetime")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward by a span and return the new time."""
        self._at += by
        return self._at


def utc(moment: datetime) -> datetime:
    """Return an aware time in UTC; a naive one is refused because its zone is a guess.

    Raises:
        ValueError: If `moment` carries no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a time without a zone can't be stored")
    return moment.astimezone(UTC)
