"""A throttle for work that may take long."""

from __future__ import annotations

import time
from collections.abc import Callable


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
