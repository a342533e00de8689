"""When messages that have to wait for their recipients' domains have their turn: one behind the other, as fast as the domains take them."""

from __future__ import annotations

import heapq
import threading
from datetime import datetime, timedelta

_TICK = timedelta(seconds=1)
# What is written into a message can't be called back. So that a limit that is lifted, or a domain that has recovered, soon shows,
# nobody is sent away for longer; whoever comes back too early gets a new turn.
_LONGEST_LINE, _LONGEST_HOLD = timedelta(minutes=5), timedelta(hours=1)


class WaitingLine:
    """Gives out turns, so that nobody is asked again before they are worth asking; it only guides, the permits decide."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[tuple[int, str], datetime] = {}
        self._turns: list[datetime] = []

    def turns(self, line: tuple[int, str], count: int, now: datetime, start: datetime, per_second: float | None) -> list[datetime]:
        """Return when each of some messages has its turn, or is to ask again.

        Args:
            line: The connection and the group of domains they wait for.
            count: How many they are.
            now: The time.
            start: When the first may have it.
            per_second: How many have it in a second; None for all at once.
        """
        start = min(start, now + _LONGEST_HOLD)
        if per_second is None:
            return [start] * count
        with self._lock:
            latest = max(now, start) + _LONGEST_LINE
            begin = min(max(now, start, self._last.get(line, now)), latest)
            self._last[line] = min(begin + timedelta(seconds=count / per_second), latest)
            turns = [min(_tick_after(now, begin + timedelta(seconds=number / per_second)), latest) for number in range(1, count + 1)]
            for turn in sorted(set(turns)):
                heapq.heappush(self._turns, turn)
        return turns

    def next_turn(self, now: datetime) -> datetime | None:
        """Return the next turn somebody has, None where nobody waits."""
        with self._lock:
            while self._turns and self._turns[0] <= now:
                heapq.heappop(self._turns)
            return self._turns[0] if self._turns else None


def _tick_after(now: datetime, moment: datetime) -> datetime:
    """Return the next whole second from now at or after a moment: those of one second are written down together."""
    return now + _TICK * -((now - moment) // _TICK)
