"""Sealing the audit log now and then, where it grew."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.logs import tried_again

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)


class Sealing:
    """Puts seals on the audit log about once a minute; for the worker's loop.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._next: datetime | None = None

    def step(self) -> int:
        """Seal what grew, unless that was less than a minute ago; return how many chains were."""
        now = self._services.clock.now()
        if self._next and now < self._next:
            return 0
        self._next = now + EVERY
        try:
            return self._services.audit_seals.seal()
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "sealing the audit log failed and is tried again", error)
            return 0
