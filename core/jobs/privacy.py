"""Erasing people step by step, taking out what comes in late about them, and deleting what was kept long enough."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.logs import tried_again

logger = logging.getLogger(__name__)

# The worker's loop launches what is due as well: nothing in it may take long.
_SECONDS = 2.0


class Privacy:
    """Does what privacy asks for; for the worker's loop.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def step(self) -> int:
        """Work for a few seconds and return how much was done."""
        services = self._services
        return self._attempt(self._erase) + self._attempt(services.late_traces.step) + self._attempt(services.retention_work.step)

    def _erase(self) -> int:
        end, done = time.monotonic() + _SECONDS, 0
        while time.monotonic() < end and self._services.erasing_work.step():
            done += 1
        return done

    def _attempt(self, part: Callable[[], int]) -> int:
        """Do a part; a failure is logged, and the part tried again in the next round."""
        try:
            return part()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "looking after privacy failed and is tried again", error)
            return 0
