"""Keeps what was made of a text for the next time the same text is met, as long as there is room: what is not used longest goes first."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class Kept(Generic[_K, _V]):
    """What is kept, up to a size; safe to share between threads.

    Nothing in it belongs to anybody: whoever finds something has brought all of what it was made of.

    Args:
        room: How many bytes all of it may take together, by what `put` is told; a sixteenth of it for one.
    """

    def __init__(self, room: int) -> None:
        self._room = self._left = room
        self._found: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _K) -> _V | None:
        """Return what is kept under a key; None if nothing is."""
        with self._lock:
            found = self._found.get(key)
            if found is None:
                return None
            self._found.move_to_end(key)
            return found[0]

    def put(self, key: _K, value: _V, size: int) -> None:
        """Keep something, unless it is too large.

        Args:
            key: What it is asked for by.
            value: What is kept.
            size: How many bytes it takes at most, with the key.
        """
        if size > self._room // 16:
            return
        with self._lock:
            if key in self._found:
                return  # somebody else has just made the same
            self._found[key] = value, size
            self._left -= size
            while self._left < 0:
                self._left += self._found.popitem(last=False)[1][1]
