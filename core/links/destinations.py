"""Where clicks lead, kept in memory: the receiver redirects without a database read, and while the database is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.errors import Unavailable
from core.links.snapshot import LinkSnapshot
from core.links.tables import links
from core.storage.database import Database

_log = logging.getLogger(__name__)
# A link that was not found, and a database that did not answer, are asked again after this long; nobody waits longer for a read.
_PATIENCE_SECONDS = 1.0
_SNAPSHOT_EVERY_SECONDS = 3.0
_MISSES_KEPT = 10_000
_SCHEMES = ("http://", "https://")


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
        snapshot: The file that is read at the start and written when something new was learnt; None for none.
    """

    def __init__(self, db: Database, monotonic: Callable[[], float] = time.monotonic, snapshot: LinkSnapshot | None = None) -> None:
        self._db = db
        self._monotonic = monotonic
        self._snapshot = snapshot
        self._known: dict[int, Destination] = {}
        self._highest = 0  # in the database; what only the snapshot says does not count
        self._missed_at: dict[int, float] = {}
        self._down_until = float("-inf")
        self._lock = Lock()
        self._reading_since = float("inf")
        self._is_news = False  # whether we know what the snapshot lacks
        self._is_stale = False  # whether the snapshot holds what the database does not
        self._is_down = False
        self._kept_at = float("-inf")

    @property
    def count(self) -> int:
        """How many links are in memory."""
        return len(self._known)

    def known(self, link_id: int) -> Destination | None:
        """Return the destination if it is in memory; never touches the database, so it may run in an event loop."""
        return self._known.get(link_id)

    def get(self, link_id: int) -> Destination | None:
        """Return the destination, reading new links from the database if this one is not in memory yet.

        Returns None when there is no such link, or when it is not in memory and the database is down. Reading blocks, but
        while another thread has been waiting for the database for long, nobody queues up behind it.
        """
        found = self._known.get(link_id)
        if found is not None:
            return found
        is_stuck = self._monotonic() - self._reading_since > _PATIENCE_SECONDS
        if not is_stuck and self._lock.acquire(timeout=_PATIENCE_SECONDS):
            try:
                if self._may_ask(link_id):
                    self._read(link_id)
            finally:
                self._lock.release()
        return self._known.get(link_id)

    def load(self) -> int:
        """Take what the snapshot says, then what the database says, and return how many links are known; for the start.

        A dead database is logged. Where it answers, only what it says counts: the snapshot may be of another one.
        """
        if self._snapshot is not None:
            for number, (url, append_token) in self._snapshot.read().items():
                self._learn(self._known, number, url, append_token)
        return self.refresh()

    def refresh(self) -> int:
        """Read every link not in memory yet, bring the snapshot up to date, and return how many links are known. Blocks."""
        with self._lock:
            if self._monotonic() >= self._down_until:
                self._read(0)
        self._keep()
        return len(self._known)

    def keep(self) -> None:
        """Write what the snapshot lacks now; for the stop."""
        self._kept_at = float("-inf")
        self._keep()

    def _may_ask(self, link_id: int) -> bool:
        now = self._monotonic()
        return link_id not in self._known and now >= self._down_until and now >= self._missed_at.get(link_id, now)

    def _read(self, link_id: int) -> None:
        """Read what is newer than all we know, and the wanted link: on PostgreSQL a lower id may be committed later."""
        statement = sa.select(links.c.id, links.c.url, links.c.append_token).where(
            sa.or_(links.c.id > self._highest, links.c.id == link_id)
        )
        self._reading_since = self._monotonic()
        try:
            with self._db.read() as connection:
                rows = connection.execute(statement).all()
        except (Unavailable, SQLAlchemyError) as error:
            if not self._is_down:
                _log.warning("links can't be read from the database, going on with %d known: %s", len(self._known), type(error).__name__)
            self._is_down, self._down_until = True, self._monotonic() + _PATIENCE_SECONDS
        else:
            if self._is_down:
                _log.info("links can be read from the database again")
            self._is_down = False
            self._take(rows)
            self._remember_miss(link_id)
        finally:
            self._reading_since = float("inf")

    def _take(self, rows: Sequence[Any]) -> None:
        is_first = not self._highest
        known: dict[int, Destination] = {} if is_first else self._known
        for row in rows:
            self._learn(known, row.id, row.url, row.append_token)
            self._highest = max(self._highest, row.id)
        if not is_first:
            self._is_news = self._is_news or bool(rows)
        elif known != self._known:  # the snapshot's
            self._is_news, self._is_stale = True, not self._known.keys() <= known.keys()
        self._known = known

    @staticmethod
    def _learn(known: dict[int, Destination], link_id: int, url: str, append_token: bool) -> None:
        if url[:8].lower().startswith(_SCHEMES):  # registering checks more; this holds whatever a row or a file says
            known[link_id] = Destination(url, append_token)

    def _keep(self) -> None:
        now = self._monotonic()
        if self._snapshot is None or not self._is_news or now - self._kept_at < _SNAPSHOT_EVERY_SECONDS:
            return
        self._kept_at, self._is_news = now, False
        rows = {number: (found.url, found.append_token) for number, found in list(self._known.items())}
        if self._snapshot.write(rows, add=not self._is_stale):
            self._is_stale = False
        else:
            self._is_news = True

    def _remember_miss(self, link_id: int) -> None:
        if link_id in self._known:
            self._missed_at.pop(link_id, None)
            return
        if len(self._missed_at) >= _MISSES_KEPT:
            self._missed_at.clear()
        self._missed_at[link_id] = self._monotonic() + _PATIENCE_SECONDS
