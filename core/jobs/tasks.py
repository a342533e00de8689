"""The tasks the queue knows: one, "work on campaign N"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def declare_deliver(queue: Any, work: Callable[[int], object]) -> Callable[[int], Any]:
    """Make the queue know the task `deliver`; calling what is returned puts one into the queue.

    Args:
        queue: From `open_queue`.
        work: What the worker does with a campaign's id; a process that only rings gives something that is never called.
    """

    # Huey names a task by its function's module: this one, in every process.
    @queue.task(name="deliver")  # type: ignore[untyped-decorator]
    def deliver(campaign_id: int) -> None:
        work(campaign_id)

    declared: Callable[[int], Any] = deliver
    return declared
