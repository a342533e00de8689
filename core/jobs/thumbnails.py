"""Taking the small pictures of templates that are due: after a save, after an upgrade, after a worker died over one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from core.app import Services
from core.errors import PostwrightError
from core.jobs import photographing
from core.logs import tried_again

logger = logging.getLogger(__name__)

Camera = Callable[[str], bytes | None]
_ANY_MAIL = "<p>Postwright</p>"


class Thumbnailing:
    """Takes pictures one after the other in a thread of its own; for the worker's loop.

    Which are due stands in the database, so nothing is lost with a queue or a worker, and two workers do no harm.

    Args:
        services: Everything the product can do.
        should_stop: Whether the worker is to end.
        camera: What takes a picture; by default the Chromium of the settings, and nothing where there is none.
    """

    def __init__(self, services: Services, should_stop: Callable[[], bool], camera: Camera | None = None) -> None:
        chromium = photographing.find_chromium(services.settings.chromium)
        if camera is None and chromium:
            camera = partial(photographing.photograph, chromium, should_stop=should_stop)
        self._services, self._should_stop, self._camera = services, should_stop, camera
        self._thread: threading.Thread | None = None

    def step(self) -> bool:
        """Begin if something is due and nobody here is at it yet; return whether."""
        if self._camera is None or (self._thread and self._thread.is_alive()):
            return False
        try:
            if not self._services.template_thumbnails.due(1):
                return False
        except (PostwrightError, SQLAlchemyError) as error:
            tried_again(logger, "pictures of templates could not be looked for, that is tried again", error)
            return False
        self._thread = threading.Thread(target=self.work, name="thumbnails", daemon=True)
        self._thread.start()
        return True

    def work(self) -> int:
        """Take all pictures that are due and return how many there were; those that were shown in their place are deleted."""
        taken = 0
        try:
            while not self._should_stop() and self._camera and (due := self._services.template_thumbnails.due()):
                for one in due:
                    html = self._services.template_thumbnails.html(one)
                    picture = self._camera(html) if html else None
                    if picture is None and html and not self._works():
                        return taken
                    self._services.template_thumbnails.keep(one, picture)
                    taken += picture is not None
            self._services.template_thumbnails.tidy()
            photographing.tidy()
        except (PostwrightError, SQLAlchemyError, OSError) as error:
            tried_again(logger, "a picture of a template failed and is tried again", error)
        return taken

    def close(self) -> None:
        """Wait until the picture at hand is given up; the worker is to end by now."""
        if self._thread:
            self._thread.join()

    def _works(self) -> bool:
        """Whether pictures can be taken at all, so that a broken Chromium is not held against the template."""
        if self._should_stop() or self._camera is None:
            return False
        if self._camera(_ANY_MAIL) is None:
            logger.warning("no pictures of templates: Chromium does not work here; drawings are shown in their place")
            self._camera = None
        return self._camera is not None
