"""kill -9 for the parts of a running product."""

from __future__ import annotations

import os
import signal
from collections import Counter
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
