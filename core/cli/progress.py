"""How far a campaign is: a line on stderr whenever it got noticeably further."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from core.messages.pace import Pace
from core.messages.standings import LEFT
from core.messages.states import OPEN_STATES, MessageState

_SECONDS = 2.0


class Progress:
    """Tells at most every two seconds, and only news.

    Args:
        say: Where to tell.
        seconds: The time, as it passes.
    """

    def __init__(self, say: Callable[[str], None], seconds: Callable[[], float] = time.monotonic) -> None:
        self._say, self._seconds = say, seconds
        self._pace = Pace()
        self._told_at = 0.0
        self._told = -1

    def tell(self, counts: Mapping[MessageState, int]) -> None:
        """Say how many messages have an outcome, how fast it goes and how long the rest takes."""
        total = sum(counts.values())
        still = sum(counts.get(state, 0) for state in OPEN_STATES)
        done, now = total - still, self._seconds()
        self._pace.note(datetime.fromtimestamp(now, UTC), sum(counts.get(state, 0) for state in LEFT), done)
        if done == self._told or (now - self._told_at < _SECONDS and done < total):
            return
        self._told, self._told_at = done, now
        self._say(f"{done:,} of {total:,} messages{self._how_fast(still)}")

    def _how_fast(self, still: int) -> str:
        rate = self._pace.rate()
        if not still or rate is None or rate.settled_per_second <= 0:
            return ""
        seconds = still / rate.settled_per_second
        left = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{max(1.0, seconds):.0f} s"
        return f", {rate.left_per_second:,.0f} a second, about {left} left"
