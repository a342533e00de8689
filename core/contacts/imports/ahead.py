"""Working ahead: what is read next is prepared in a thread while the database takes what was read before."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")
_END = object()


def ahead(items: Iterator[T], waiting: int = 2) -> Iterator[T]:
    """Yield what an iterator yields, which runs in a thread of its own and stops with us.

    Args:
        items: What to go through; used by that thread only.
        waiting: How many at most are prepared and not taken yet.
    """
    found: queue.Queue[object] = queue.Queue(waiting)
    stopped = threading.Event()
    worker = threading.Thread(target=_fill, args=(items, found, stopped), name="ahead", daemon=True)
    worker.start()
    try:
        while (item := found.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        while worker.is_alive():  # it may wait for room
            _empty(found)
            worker.join(0.05)


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _fill(items: Iterator[T], found: queue.Queue[object], stopped: threading.Event) -> None:
    try:
        for item in items:
            if stopped.is_set():
                return
            found.put(item)
    except BaseException as error:
        found.put(_Failed(error))
    else:
        found.put(_END)


def _empty(found: queue.Queue[object]) -> None:
    try:
        while True:
            found.get_nowait()
    except queue.Empty:
        pass
