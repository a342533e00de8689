"""Dealing a campaign out among several connections, so that each gets its share whatever the others can't take."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping


class Shares:
    """Counts how much each route of a campaign has had, as long as this process lives."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._had: dict[int, float] = {}

    def note(self, route_id: int, messages: int) -> None:
        """Count what a route got."""
        with self._lock:
            self._had[route_id] = self._had.get(route_id, 0) + messages

    def furthest_behind(self, weights: Mapping[int, int], able: Collection[int], passed: Collection[int] = ()) -> int:
        """Return which of the routes that can take something is furthest behind its share.

        One that can't is owed nothing for it later: its share goes to the others.

        Args:
            weights: How large each route's share is, in the order of the campaign.
            able: Those that can take something now.
            passed: Those of them for which nothing waits; they keep what they are owed.
        """
        with self._lock:
            level = {route_id: self._had.get(route_id, 0) / weight for route_id, weight in weights.items()}
            chosen = min((each for each in weights if each in able and each not in passed), key=lambda route_id: level[route_id])
            for route_id in weights.keys() - set(able):
                self._had[route_id] = max(self._had.get(route_id, 0), level[chosen] * weights[route_id])
            return chosen
