"""The tasks the queue knows: one, "work on campaign N"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def declare_deliver(queue: Any, work: Callable[[int], None]) -> Callable[[int], Any]:
    """Make the queue know the task `deliver`; calling what is returned puts one into the queue.

    Args:
        queue: From `open_queue`.
        work: What the worker does with a campaign's id; a process that only rings gives something that is never called.
    """
    declared: Callable[[int], Any] = queue.task(name="deliver")(work)
    return declared
