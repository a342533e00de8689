"""Writing templates in the new look of their brand, where a change left more than could be done at once, or whoever did it died."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.logs import tried_again
from core.permissions import Principal
from core.templates.brands.restyling import Restyled

logger = logging.getLogger(__name__)
_AT_ONCE_SECONDS = 10.0  # then the next workspace has its turn


class Restyling:
    """Does what is due in a thread of its own, a workspace after the other; for the worker's loop.

    Args:
        services: Everything the product can do.
        should_stop: Whether the worker is to end.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool]) -> None:
        self._services, self._should_stop = services, should_stop
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin if something is due and nobody here is at it yet; return whether."""
        if self._thread and self._thread.is_alive():
            return False
        try:
            if not self._services.brand_kits.workspaces_due():
                return False
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "templates that wait for the look of their brand could not be looked for, that is tried again", error)
            return False
        # A daemon: what is not done when the worker ends is on record, and the next one takes it up.
        self._thread = threading.Thread(target=self.work, name="restyling", daemon=True)
        self._thread.start()
        return True

    def work(self) -> int:
        """Do all that is due, but for what somebody else is at; return how many templates have a new version."""
        written, left = 0, -1
        try:
            while not self._should_stop() and (due := self._services.brand_kits.workspaces_due()):
                done = [self._follow(workspace_id) for workspace_id in due if not self._should_stop()]
                written += sum(len(one.changed) for one in done)
                before, left = left, sum(one.waiting for one in done)
                if left in (0, before):  # what is left is somebody else's work right now
                    break
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "a template could not be written in the look of its brand, that is tried again", error)
        return written

    def _follow(self, workspace_id: int) -> Restyled:
        return self._services.brand_kits.follow(Principal.system(workspace_id, "worker"), seconds=_AT_ONCE_SECONDS)
