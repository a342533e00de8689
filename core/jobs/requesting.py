"""Single messages leave at once: a few threads of their own, so that none ever waits behind a campaign."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.ids import random_name
from core.logs import tried_again

logger = logging.getLogger(__name__)

# One workspace has half of the lanes at most: whatever its providers do, there is room for the others.
LANES, LANES_OF_ONE = 8, 4
# No bell: it would have to be asked for as often, and this question costs less than a millisecond.
POLL_SECONDS = 0.2
# After so long a connection lets those go first that have waited meanwhile.
_TURN_SECONDS = 5.0
_FORGET_EVERY_SECONDS = 3600.0
# A connection that can't be reached, or a database that does not answer, is tried again after a break that grows.
_FIRST_BREAK, _LONGEST_BREAK = 2.0, 60.0
# One that rests for its pace is looked at when it may go on; and often, for a person may have changed something.
_LONGEST_HOLD = 2.0


class Requesting:
    """Looks a few times a second for connections with single messages, and drains each in one thread at a time.

    Args:
        services: Everything the product can do.
        should_stop: Asked between messages; once it says yes, what is not sent yet stays for the next worker.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool]) -> None:
        self._services, self._should_stop = services, should_stop
        self._owner = f"requests-{os.getpid()}-{random_name(6)}"
        self._lock = threading.Lock()
        self._busy: dict[int, int] = {}
        self._served: dict[int, float] = {}
        self._breaks: dict[int, _Break] = {}
        self._look = _Break()
        self._forget_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; return once nothing is on its way any more."""
        with ThreadPoolExecutor(LANES, "requests") as lanes:
            while not stop.is_set():
                self.step(lanes)
                stop.wait(POLL_SECONDS)

    def step(self, lanes: ThreadPoolExecutor) -> int:
        """Begin to drain the connections that have something to do and are not being drained; return how many."""
        now = time.monotonic()
        if now < self._look.until:
            return 0
        try:
            if now >= self._forget_at:
                lanes.submit(self._forget)
                self._forget_at = now + _FORGET_EVERY_SECONDS
            due = self._services.request_delivery.due()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            self._look.longer(now)
            tried_again(logger, "single messages can't be looked for; trying again", error)
            return 0
        self._look = _Break()
        with self._lock:
            ready = {one: whose for one, whose in due.items() if one not in self._busy and now >= self._breaks.get(one, _NO_BREAK).until}
            begun = self._shared_out(ready, now)
        for connection_id in begun:
            lanes.submit(self._drain, connection_id)
        return len(begun)

    def _shared_out(self, ready: Mapping[int, int], now: float) -> list[int]:
        """Give the free lanes to connections; first to those of workspaces that have the fewest, then to who has waited the longest."""
        begun = []
        while len(self._busy) < LANES:
            has = Counter(self._busy.values())
            waiting = [one for one, whose in ready.items() if one not in self._busy and has[whose] < LANES_OF_ONE]
            if not waiting:
                break
            first = min(waiting, key=lambda one: (has[ready[one]], self._served.get(one, 0.0)))
            self._busy[first], self._served[first] = ready[first], now
            begun.append(first)
        return begun

    def _forget(self) -> None:
        try:
            self._services.request_delivery.forget_old()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "old single messages can't be emptied; trying again in an hour", error)

    def _drain(self, connection_id: int) -> None:
        stopped, until, turn_ends = True, None, time.monotonic() + _TURN_SECONDS

        def goes_on() -> bool:
            return time.monotonic() < turn_ends and not self._should_stop()

        try:
            report = self._services.request_delivery.drain(connection_id, owner=self._owner, should_go_on=goes_on)
            stopped, until = bool(report.stopped), report.until
            logger.info("single messages delivered", extra={"connection_id": connection_id, **vars(report)})
        except PostwrightError as error:
            # Nothing is lost: what was claimed comes back with its lease.
            logger.warning("single messages can't be sent: %s", error, extra={"connection_id": connection_id})
        except Exception:  # a thread's own end would go unnoticed, and the connection would stay busy for ever
            logger.exception("sending single messages failed", extra={"connection_id": connection_id})
        finally:
            with self._lock:
                self._busy.pop(connection_id, None)
                if until is not None:
                    rest = (until - self._services.clock.now()).total_seconds()
                    self._breaks[connection_id] = _Break(time.monotonic() + min(max(rest, 0.0), _LONGEST_HOLD))
                elif stopped:
                    self._breaks.setdefault(connection_id, _Break()).longer(time.monotonic())
                else:
                    self._breaks.pop(connection_id, None)


class _Break:
    """A time in which nothing is tried; each is twice as long as the one before."""

    def __init__(self, until: float = 0.0) -> None:
        self.until, self._seconds = until, _FIRST_BREAK

    def longer(self, now: float) -> None:
        self.until, self._seconds = now + self._seconds, min(self._seconds * 2, _LONGEST_BREAK)


_NO_BREAK = _Break()
