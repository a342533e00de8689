"""Keeping up with new links and connections, in threads of their own: a database that hangs must not hold up anything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from core.contacts.hosted import published
from core.contacts.hosted.published import PublishedForms
from core.links.destinations import Destinations
from core.providers.webhook_doors import REFRESH_SECONDS, WebhookDoors

_log = logging.getLogger(__name__)
_LINKS_SECONDS = 2.0
_PATIENCE_SECONDS = 3.0


class Keeper:
    """Loads something at the start and looks for what is new every few seconds, so that it is known when the database goes down.

    Args:
        name: What it is, for the log.
        load: Called once, at the start.
        refresh: Called again and again.
        every: The pause between two looks, in seconds.
        at_end: Called when the receiver stops.
    """

    def __init__(
        self,
        name: str,
        load: Callable[[], object],
        refresh: Callable[[], object],
        every: float,
        at_end: Callable[[], object] = lambda: None,
    ) -> None:
        self._name, self._load, self._refresh, self._every, self._at_end = name, load, refresh, every, at_end
        self._stopping, self._loaded = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, and return when it is loaded; after three seconds at the latest, with what is known without the database."""
        self._thread.start()
        self._loaded.wait(_PATIENCE_SECONDS)

    def stop(self) -> None:
        """End; a read that hangs is left behind."""
        self._stopping.set()
        self._thread.join(_PATIENCE_SECONDS)

    def _run(self) -> None:
        self._guarded(self._load)
        self._loaded.set()
        while not self._stopping.wait(self._every):
            self._guarded(self._refresh)
        self._guarded(self._at_end)

    def _guarded(self, step: Callable[[], object]) -> None:
        try:
            step()
        except Exception as error:  # whatever it is, what is known must go on working
            _log.error("%s could not be brought up to date: %s", self._name, type(error).__name__)


def keepers_of(destinations: Destinations, doors: WebhookDoors, forms: PublishedForms) -> tuple[Keeper, ...]:
    """Return what keeps the links, the webhook addresses and the sign-up forms up to date."""
    return (
        Keeper("links", destinations.load, destinations.refresh, _LINKS_SECONDS, destinations.keep),
        Keeper("webhook addresses", doors.refresh, doors.refresh, REFRESH_SECONDS),
        Keeper("forms", forms.refresh, forms.refresh, published.REFRESH_SECONDS),
    )
