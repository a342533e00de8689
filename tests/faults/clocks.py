"""A clock that hurries, for this process and for those it starts."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

_SINCE, _FACTOR = "TEST_HASTE_SINCE", "TEST_HASTE_FACTOR"


class HastyClock:
    """A clock that runs faster than the world from some moment on; the same for all who know that moment.

    Args:
        since: When it began to hurry.
        factor: How many seconds go by for it in one of ours.
    """

    def __init__(self, since: datetime, factor: float) -> None:
        self._since, self._factor = since, factor
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._since + (datetime.now(UTC) - self._since) * self._factor + self.ahead

    def advance(self, by: timedelta) -> None:
        """Jump forward; only for whoever holds this very clock."""
        self.ahead += by

    def variables(self) -> dict[str, str]:
        """Return the environment by which a process takes the same clock."""
        return {_SINCE: self._since.isoformat(), _FACTOR: str(self._factor)}

    @classmethod
    def of_environment(cls) -> HastyClock:
        """Return the clock the environment tells of."""
        return cls(datetime.fromisoformat(os.environ[_SINCE]), float(os.environ[_FACTOR]))
