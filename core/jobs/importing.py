"""Taking up imports that nobody does: of a process that was killed, or of a page that was closed before it began."""

from __future__ import annotations

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.contacts.imports.states import any_unfinished
from core.errors import PostwrightError
from core.logs import tried_again

logger = logging.getLogger(__name__)


class Importing:
    """Does what is left to be imported, one after the other in a thread of its own; for the worker's loop.

    Args:
        services: Everything the product can do.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin if there is something to do and nobody here does it yet; return whether."""
        if self._thread and self._thread.is_alive():
            return False
        try:
            if not any_unfinished(self._services.db):
                return False
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "imports could not be looked for, that is tried again", error)
            return False
        # A daemon: what is not done when the worker ends is taken up by the next one.
        self._thread = threading.Thread(target=self.work, name="importing", daemon=True)
        self._thread.start()
        return True

    def work(self) -> int:
        """Do all of it and return how many were done."""
        try:
            return self._services.imports.take_up()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "an import failed and is tried again", error)
            return 0
