"""Pictures follow the installation to its address on the web: looked at once, when a worker starts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.logs import tried_again
from core.permissions import Principal

logger = logging.getLogger(__name__)


class Readdressing:
    """Looks through all workspaces once, in a thread of its own; for the worker's loop.

    Once is enough: the address is a setting, and a process keeps the one it was started with.

    Args:
        services: Everything the product can do.
        should_stop: Whether the worker is to end.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool]) -> None:
        self._services, self._should_stop = services, should_stop
        self._is_done = False
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin if it is not done yet; return whether."""
        if self._is_done or (self._thread and self._thread.is_alive()):
            return False
        # A daemon: what is not done when the worker ends the next one does.
        self._thread = threading.Thread(target=self.work, name="readdressing", daemon=True)
        self._thread.start()
        return True

    def work(self) -> int:
        """Do all workspaces; return how many things name their pictures at the new address."""
        moved = 0
        try:
            for workspace_id in self._services.readdressing.workspaces():
                if self._should_stop():
                    return moved
                done = self._services.readdressing.follow(Principal.system(workspace_id, "worker"))
                moved += sum(vars(done).values())
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "pictures could not be brought to their new address, that is tried again", error)
            return moved
        self._is_done = True
        return moved
