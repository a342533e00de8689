"""Waiting for something that happens in another process: until it is so, or until a deadline says it never will be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def wait_for(condition: Callable[[], T], what: str, *, seconds: float = 60.0, every: float = 0.02) -> T:
    """Return the first truthy answer of `condition`.

    Args:
        condition: Asked again and again.
        what: What is waited for, for the failure's message.
        seconds: How long at most.
        every: The pause between two questions, in seconds.

    Raises:
        AssertionError: If it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain for {what}"
        pause.wait(every)
