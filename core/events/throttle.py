"""Where the time goes: a throttle for work that may take long, and no search for rings where there are none."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Throttle:
    """Allows work again only after a rest in proportion to what the last round took.

    Args:
        monotonic: Seconds from an arbitrary start; replaceable in tests.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._not_before = float("-inf")

    def is_open(self) -> bool:
        """Return whether the rest is over."""
        return self._monotonic() >= self._not_before

    def worked(self, seconds: float, share: float) -> None:
        """Note that a round took so long; the rest begins now.

        Args:
            seconds: How long.
            share: Which part of the time the work may take, above 0 and at most 1.
        """
        self._not_before = self._monotonic() + seconds * (1 / share - 1)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep Python from looking for objects that hold each other while a batch is made of some hundred thousand that don't.

    Each look goes through all of them, and it takes a third of the ingester's time (measured).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
