"""Whose turn it is: a few campaigns work at once, and one that only waits for its pace keeps nobody from working.

A paced drain stays open while it waits (its connection does too), but not in anybody's place. Where every thread is taken and
somebody waits for one, it ends at its next pause and is rung for when its pace lets the next message leave. A drain that works
without a pause gives its place up after a while, if somebody waits for that, and goes to the end of the queue.

One workspace has at most half of the places: whatever its providers do, there is room for the others, and whose campaigns have
the fewest places is next. While threads are wanted, more than half of them don't wait for places of one workspace for long.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

logger = logging.getLogger(__name__)

TURN_SECONDS = 10.0
# What may go on later than this is left to the sweeper, which is some seconds late.
_LATEST_RING_SECONDS = 300.0
# How soon a pause notices that the worker stops, or that its thread is wanted.
_TICK_SECONDS = 0.25
_PATIENCE_SECONDS = 5.0


class Turns:
    """Shares out places and threads between the campaigns of a process.

    Args:
        at_once: How many campaigns work at once.
        threads: How many there are for those that work and those that wait for their pace.
        ring: Puts a campaign at the end of the queue.
        queue_is_empty: Whether nobody waits there; asked only while every thread is taken.
        should_stop: Once it says yes, nobody waits for anything any more.
        patience: How many seconds a campaign waits for a place whose workspace has more than half of threads that others want.
    """

    def __init__(
        self,
        at_once: int,
        threads: int,
        ring: Callable[[int], Any],
        queue_is_empty: Callable[[], bool],
        should_stop: Callable[[], bool],
        *,
        patience: float = _PATIENCE_SECONDS,
    ) -> None:
        self._at_once, self._of_one = at_once, (at_once + 1) // 2
        self._threads, self._ring, self._patience = threads, ring, patience
        self._queue_is_empty, self.should_stop = queue_is_empty, should_stop
        self._lock = threading.Condition()
        self._taken, self._waiting, self._working = Counter[int](), Counter[int](), Counter[int]()  # by workspace
        self._bells: dict[int, threading.Timer] = {}

    @contextmanager
    def turn(self, whose: int) -> Iterator[Turn | None]:
        """Wait for a place and yield a turn; None where the worker stops first, or where too many of the same wait.

        Args:
            whose: The campaign's workspace.
        """
        with self._lock:
            self._taken[whose] += 1
            self._waiting[whose] += 1
        turn = None
        try:
            turn = Turn(self, whose) if self._has_place(whose) else None
            with self._lock:
                self._waiting[whose] -= 1
                self._lock.notify_all()
            yield turn
        finally:
            if turn is not None:
                turn.leave_place()
            with self._lock:
                self._taken[whose] -= 1

    def ring_in(self, campaign_id: int, seconds: float) -> None:
        """Ring for a campaign after so many seconds, unless that is far off."""
        if seconds > _LATEST_RING_SECONDS or self.should_stop():
            return
        if seconds <= 0:
            self._rung(campaign_id)
            return
        bell = threading.Timer(seconds, self._rung, (campaign_id,))
        bell.daemon = True  # a bell that is lost is replaced by the sweeper
        with self._lock:
            before, self._bells[campaign_id] = self._bells.get(campaign_id), bell
        if before is not None:
            before.cancel()
        bell.start()

    def leave_place(self, whose: int) -> None:
        """Let somebody else work."""
        with self._lock:
            self._working[whose] -= 1
            self._lock.notify_all()

    def is_place_wanted(self, whose: int) -> bool:
        """Return whether somebody waits to work who could, if this workspace left a place."""
        with self._lock:
            is_full = self._working.total() >= self._at_once
            if any(count and (one == whose or (is_full and self._working[one] < self._of_one)) for one, count in self._waiting.items()):
                return True
        return self.is_thread_wanted()

    def is_thread_wanted(self) -> bool:
        """Return whether every thread is taken and somebody waits for one."""
        with self._lock:
            if self._taken.total() < self._threads:
                return False
        try:
            return not self._queue_is_empty()
        except (sqlite3.Error, OSError):
            return False

    def _has_place(self, whose: int) -> bool:
        began = time.monotonic()
        while True:
            with self._lock:
                if self._is_next(whose) or (self._lock.wait(_TICK_SECONDS) and self._is_next(whose)):
                    self._working[whose] += 1
                    return True
                has_many = self._taken[whose] > self._threads // 2 and time.monotonic() - began > self._patience
            if self.should_stop() or (has_many and self.is_thread_wanted()):
                return False

    def _is_next(self, whose: int) -> bool:
        has = self._working[whose]
        is_free = self._working.total() < self._at_once and has < self._of_one
        return is_free and all(has <= self._working[one] for one, count in self._waiting.items() if count)

    def _rung(self, campaign_id: int) -> None:
        with self._lock:
            self._bells.pop(campaign_id, None)
        try:
            self._ring(campaign_id)
        except (sqlite3.Error, OSError):
            logger.warning("a bell could not be rung; the sweeper will find the campaign", extra={"campaign_id": campaign_id})


class Turn:
    """One campaign's turn.

    Args:
        turns: Who gave it.
        whose: The campaign's workspace.
    """

    def __init__(self, turns: Turns, whose: int) -> None:
        self._whose = whose
        self._turns, self._began, self._has_place = turns, time.monotonic(), True
        self.gives_way = False
        self.goes_on_in: float | None = None

    def is_over(self) -> bool:
        """Return whether somebody else has a turn now; asked between chunks."""
        worked = time.monotonic() - self._began
        if not self.gives_way and self._has_place and worked > TURN_SECONDS and self._turns.is_place_wanted(self._whose):
            self.gives_way, self.goes_on_in = True, 0.0
        return self.gives_way

    def pause(self, seconds: float) -> None:
        """Wait for the pace in nobody's place; return early where the worker stops or the thread is wanted."""
        self.leave_place()
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._turns.should_stop():
            if self._turns.is_thread_wanted():
                self.gives_way, self.goes_on_in = True, left
                return
            time.sleep(min(left, _TICK_SECONDS))

    def leave_place(self) -> None:
        """Let somebody else work; whoever waits for a pace once is not counted any more: the pace keeps it from taking much."""
        if self._has_place:
            self._has_place = False
            self._turns.leave_place(self._whose)
