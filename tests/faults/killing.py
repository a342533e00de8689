"""kill -9 for the parts of a running product."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.support.product import Product

# How each child of `up` shows in the process list.
CHILDREN = {"worker": "worker", "ingester": "ingester", "receiver": "tracking_receiver"}


class Killer:
    """Kills parts without warning, and counts.

    Args:
        product: Whose parts.
    """

    def __init__(self, product: Product) -> None:
        self._product = product
        self.killed: Counter[str] = Counter()

    def kill(self, name: str) -> None:
        """Kill this child of `up`, unless it is just being started again."""
        pid = self._pid(CHILDREN[name])
        if pid:
            os.kill(pid, signal.SIGKILL)
            self.killed[name] += 1

    def _pid(self, word: str) -> int:
        assert self._product.process
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if int(parent) == self._product.process.pid and state != "Z" and word in command:
                return int(entry.name)
        return 0


def kill_with_children(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and all it has started, at once, and wait for it."""
    for pid in [process.pid, *_children(process.pid)]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(timeout=10)


def _children(parent: int) -> list[int]:
    found = []
    for tasks in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(pid) for pid in tasks.read_text().split()]
    return found + [below for pid in found for below in _children(pid)]
