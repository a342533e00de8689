"""Waiting until what is in the journals now is in the lake, helping where nobody else does."""

from __future__ import annotations

import logging
import threading

import sqlalchemy as sa

from core.app import Services
from core.errors import PostwrightError
from core.events.tables import stale_facts
from core.storage.journal import JournalReader
from core.storage.tables import journal_offsets

logger = logging.getLogger(__name__)

_PAUSE_SECONDS = 0.2


def help_ingesting(services: Services) -> None:
    """Ingest what waits; does nothing where another process has the ingester's lease."""
    try:
        services.ingester.catch_up()
    except PostwrightError as error:  # it is all still in the journal; the caller comes again
        logger.warning("ingesting failed, trying again: %s", error)


def catch_up(services: Services, stop: threading.Event) -> None:
    """Return once everything that is in the journals now is in the lake and in the reports' figures, or `stop` is set.

    Args:
        services: Everything the product can do.
        stop: Set by a signal.
    """
    sizes = {path.name: path.stat().st_size for path in JournalReader(services.settings.journal_dir).files()}
    while not stop.is_set():
        help_ingesting(services)
        if _reached(services, sizes):
            return
        stop.wait(_PAUSE_SECONDS)


def _reached(services: Services, sizes: dict[str, int]) -> bool:
    with services.db.read() as connection:
        read = {row.file: row.offset + row.torn_bytes for row in connection.execute(sa.select(journal_offsets))}
        is_stale = connection.execute(sa.select(stale_facts.c.campaign_id).limit(1)).first() is not None
    waiting = [name for name, size in sizes.items() if read.get(name, 0) < size]
    # A file that is gone was read to its end long ago.
    return not is_stale and not any((services.settings.journal_dir / name).exists() for name in waiting)
