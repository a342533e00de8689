"""Waiting for something that happens in another process: until it is so, or until a deadline says it never will be."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(condition: Callable[[], T], *, seconds: float = 30.0, what: str = "the condition") -> T:
    """Return the first truthy answer of `condition`.

    Args:
        condition: Asked every few milliseconds.
        seconds: How long at most.
        what: What is waited for, for the failure's message.

    Raises:
        AssertionError: If it did not come true in time.
    """
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        pause.wait(0.02)
