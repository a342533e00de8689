"""Keeping up with new links, in a thread of its own: a database that hangs must not hold up anything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.links.destinations import Destinations

_log = logging.getLogger(__name__)
_EVERY_SECONDS = 2.0
_PATIENCE_SECONDS = 3.0


class LinkKeeper:
    """Loads the links at the start and looks for new ones every two seconds, so that they are known when the database goes down.

    Args:
        destinations: Where they are kept.
    """

    def __init__(self, destinations: Destinations) -> None:
        self._destinations = destinations
        self._stopping, self._loaded = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="links", daemon=True)

    def start(self) -> None:
        """Begin, and return when the links are loaded; after three seconds at the latest, with what the snapshot says."""
        self._thread.start()
        self._loaded.wait(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End; a read that hangs is left behind."""
        self._stopping.set()
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        self._guarded(self._destinations.load)
        self._loaded.set()
        while not self._stopping.wait(_EVERY_SECONDS):
            self._guarded(self._destinations.refresh)
        self._guarded(self._destinations.keep)

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # whatever it is, clicks on what is known must lead on
            _log.error("links could not be brought up to date: %s", type(error).__name__)
