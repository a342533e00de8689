"""Work the ingester does between two batches, because only one process at a time may: whoever holds its lease."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import sqlalchemy as sa

# Called inside each transaction; raises `Conflict` if we are not the one who may write.
Guard = Callable[[sa.Connection], None]


class Chore(Protocol):
    """Something to do now and then."""

    def run(self, guard: Guard) -> None:
        """Do a piece of it, no longer than about half a second, or nothing where nothing is due; the next call goes on."""
        ...
