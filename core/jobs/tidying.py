"""Deleting, once a day, what is old and nobody asks about any more."""

from __future__ import annotations

import logging
from datetime import date

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.contacts.consent.asked_addresses import forget_old
from core.errors import PostwrightError
from core.logs import tried_again

logger = logging.getLogger(__name__)


class Tidying:
    """Deletes what is old, when the worker starts and once on each further day (UTC); for the worker's loop.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._done: date | None = None

    def step(self) -> int:
        """Delete what is old, unless that was done today; return how much that was."""
        today = self._services.clock.now().date()
        if self._done == today:
            return 0
        try:
            deleted = self._services.paces.forget_old() + forget_old(self._services.db, self._services.clock.now())
            deleted += self._services.template_thumbnails.tidy()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "deleting old counts failed and is tried again", error)
            return 0
        self._done = today
        return deleted
