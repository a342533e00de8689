"""Where clicks lead, kept in memory: the receiver redirects without a database read, and while the database is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Unavailable
from core.links.tables import links
from core.storage.database import Database

_log = logging.getLogger(__name__)
# A link that was not found, and a database that did not answer, are asked again after this long.
_PATIENCE_SECONDS = 1.0
_MISSES_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a link leads.

    Args:
        url: A complete http or https URL.
        append_token: Whether the conversion token is added to it.
    """

    url: str
    append_token: bool


class Destinations:
    """Every link of the installation by id; only genuine tokens are looked up, so misses are new links.

    Args:
        db: The operational database.
        monotonic: Seconds from an arbitrary start; replaceable in tests.
    """

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._monotonic = monotonic
        self._known: dict[int, Destination] = {}
        self._highest = 0
        self._missed_at: dict[int, float] = {}
        self._down_until = float("-inf")
        self._lock = Lock()

    def known(self, link_id: int) -> Destination | None:
        """Return the destination if it is in memory; never touches the database, so it may run in an event loop."""
        return self._known.get(link_id)

    def get(self, link_id: int) -> Destination | None:
        """Return the destination, reading new links from the database if this one is not in memory yet.

        Returns None when there is no such link, or when it is not in memory and the database is down. Reading blocks.
        """
        found = self._known.get(link_id)
        if found is not None:
            return found
        with self._lock:
            if self._may_ask(link_id):
                self._read(link_id)
            return self._known.get(link_id)

    def load(self) -> int:
        """Read every link not in memory yet and return how many are known; for the receiver's start. A dead database is logged."""
        with self._lock:
            self._read(0)
            return len(self._known)

    def _may_ask(self, link_id: int) -> bool:
        now = self._monotonic()
        return link_id not in self._known and now >= self._down_until and now >= self._missed_at.get(link_id, now)

    def _read(self, link_id: int) -> None:
        """Read what is newer than all we know, and the wanted link: on PostgreSQL a lower id may be committed later."""
        statement = sa.select(links.c.id, links.c.url, links.c.append_token).where(
            sa.or_(links.c.id > self._highest, links.c.id == link_id)
        )
        try:
            with self._db.read() as connection:
                for row in connection.execute(statement):
                    self._known[row.id] = Destination(row.url, row.append_token)
                    self._highest = max(self._highest, row.id)
        except (Unavailable, SQLAlchemyError) as error:
            _log.warning("links can't be read from the database, going on with %d known: %s", len(self._known), type(error).__name__)
            self._down_until = self._monotonic() + _PATIENCE_SECONDS
        else:
            self._remember_miss(link_id)

    def _remember_miss(self, link_id: int) -> None:
        if link_id in self._known:
            self._missed_at.pop(link_id, None)
            return
        if len(self._missed_at) >= _MISSES_KEPT:
            self._missed_at.clear()
        self._missed_at[link_id] = self._monotonic() + _PATIENCE_SECONDS
