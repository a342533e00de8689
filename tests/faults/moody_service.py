"""A service with an HTTP API that answers late, half, with errors or not at all, as the dice say."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.esp.server import Call, FakeService, Reply, Trick
from tests.support.waiting import wait_for

# Out of a hundred requests; the others are answered as they should be. Who is never answered waits until it is killed, or half a minute.
COMMON = {Trick.THROTTLE: 6, Trick.UNAVAILABLE: 4, Trick.FAIL: 6, Trick.HALF: 5, Trick.RESET: 7, Trick.SILENT: 3}
_LATE = 12


def make_moody(fake: FakeService, dice: random.Random) -> Moods:
    """Give a fake moods; it has none until it is told to."""
    moods = Moods(dice)
    behave, pause = fake.handle, threading.Event()

    def handle(call: Call) -> tuple[Trick, Reply]:
        if not fake.is_sending(call):
            return behave(call)
        with moods.underway():
            if seconds := moods.seconds():
                pause.wait(seconds)
            with moods.alone:  # the trick is for this request, whoever else asks
                if (trick := moods.draw()) is not Trick.PASS:
                    fake.tricks.append(trick)
                return behave(call)

    fake.handle = handle  # type: ignore[method-assign]
    return moods


class Moods:
    """What a service does next.

    Args:
        dice: Decides.
    """

    def __init__(self, dice: random.Random) -> None:
        self._dice, self._lock = dice, threading.Lock()
        self.alone = threading.Lock()
        self.is_moody = True
        self.open = 0
        self.shown: Counter[Trick] = Counter()

    @contextmanager
    def underway(self) -> Iterator[None]:
        """Count a request while it is worked at."""
        with self._lock:
            self.open += 1
        try:
            yield
        finally:
            with self._lock:
                self.open -= 1

    def behave(self) -> None:
        """Behave from now on; whoever asked before has been served when this returns, also where nobody listens any more."""
        self.is_moody = False
        wait_for(lambda: self.open == 0, "the service to come to rest")

    def draw(self) -> Trick:
        """Return what to do with the next request."""
        with self._lock:
            if not self.is_moody:
                return Trick.PASS
            [trick] = self._dice.choices([Trick.PASS, *COMMON], [100 - sum(COMMON.values()), *COMMON.values()])
            self.shown[trick] += 1
            return trick

    def seconds(self) -> float:
        """Return how long the next answer takes."""
        with self._lock:
            if not self.is_moody:
                return 0.0
            return self._dice.uniform(0.5, 4.0) if self._dice.random() * 100 < _LATE else self._dice.uniform(0.05, 0.5)
