"""How far a campaign is: a line on stderr whenever it got noticeably further."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from core.messages.states import OPEN_STATES, MessageState

_SECONDS = 2.0


class Progress:
    """Tells at most every two seconds, and only news.

    Args:
        say: Where to tell.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told_at = 0.0
        self._told = -1

    def tell(self, counts: Mapping[MessageState, int]) -> None:
        """Say how many messages have an outcome."""
        total = sum(counts.values())
        done = total - sum(counts.get(state, 0) for state in OPEN_STATES)
        now = time.monotonic()
        if done == self._told or (now - self._told_at < _SECONDS and done < total):
            return
        self._told, self._told_at = done, now
        self._say(f"{done:,} of {total:,} messages")
