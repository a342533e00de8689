"""How fast messages get somewhere, told from counts at different moments."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta

SHORT, LONG = timedelta(seconds=10), timedelta(seconds=60)
# Who looks less often than this has to begin anew: what happened in between was not one pace.
_GAP = timedelta(seconds=20)
_ENOUGH = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast it goes.

    Args:
        left_per_second: Messages that left, a second, in the last ten seconds.
        settled_per_second: Messages that came to an outcome, a second, in the last minute: what the time left is told by.
    """

    left_per_second: float
    settled_per_second: float


@dataclass(frozen=True, slots=True)
class _Sample:
    at: datetime
    left: int
    settled: int


class Pace:
    """Remembers the counts of the last minute."""

    def __init__(self) -> None:
        self._samples: deque[_Sample] = deque()

    def note(self, at: datetime, left: int, settled: int) -> None:
        """Take in how many have left, and have come to an outcome, by a moment."""
        last = self._samples[-1] if self._samples else None
        if last is not None and (at < last.at or at - last.at > _GAP or settled < last.settled):
            self._samples.clear()  # the clock was set back, nobody looked for a while, or messages wait that had been settled
        self._samples.append(_Sample(at, left, settled))
        while self._samples[0].at < at - LONG:
            self._samples.popleft()

    def rate(self) -> Rate | None:
        """Return how fast it goes; None while that can't be told yet."""
        if not self._samples or self._samples[-1].at - self._samples[0].at < _ENOUGH:
            return None
        now, first = self._samples[-1], self._samples[0]
        recent = next(each for each in self._samples if each.at >= now.at - SHORT)
        recent = recent if now.at - recent.at >= _ENOUGH else first
        return Rate(
            max(0.0, (now.left - recent.left) / (now.at - recent.at).total_seconds()),
            (now.settled - first.settled) / (now.at - first.at).total_seconds(),
        )
