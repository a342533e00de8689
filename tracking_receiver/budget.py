"""How much of all bodies together may be in memory: each is bounded, but many at once would not be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class Busy(Exception):
    """There is no room for more just now; whoever asks again later finds some."""


class Budget:
    """Counts bytes; for the event loop's thread alone.

    Args:
        limit: How many there may be at a time.
    """

    def __init__(self, limit: int) -> None:
        self._limit, self.held = limit, 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Yield what one request holds; it is given back at the end."""
        share = Share(self)
        try:
            yield share
        finally:
            self.held -= share.size

    def take(self, size: int) -> None:
        """Count so many more.

        Raises:
            Busy: If they would be too many.
        """
        if self.held + size > self._limit:
            raise Busy
        self.held += size


class Share:
    """What one request holds."""

    def __init__(self, budget: Budget) -> None:
        self._budget, self.size = budget, 0

    def take(self, size: int) -> None:
        """Hold so many bytes more.

        Raises:
            Busy: If there is no room for them.
        """
        self._budget.take(size)
        self.size += size
