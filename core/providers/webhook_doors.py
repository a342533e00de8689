"""Where providers knock: the webhook addresses of every connection, kept in memory with what tells a genuine report.

The receiver asks here for every report, so it does without the database: known addresses go on while that is down. Changes are
seen within seconds, a new address at once.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from core.errors import PostwrightError, Unavailable
from core.providers.tables import connections
from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import Forged, Verifier, WebhookRequest
from core.storage.database import Database
from core.storage.vault import Vault

REFRESH_SECONDS = 5.0
# The same address is asked about again, and a database that did not answer is asked again, after this long.
_PATIENCE_SECONDS = 1.0
_LONGEST_KEY = 128
_LOOKS_KEPT = 10_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """The webhook address of one connection.

    Args:
        connection_id: Whose it is.
        workspace_id: Whose reports come in by it.
        kind: The kind of provider.
        verifier: Says whether a report is genuine.
        made_of: What the verifier was made of, still encrypted: one that has not changed keeps its memory of what it has seen.
    """

    connection_id: int
    workspace_id: int
    kind: str
    verifier: Verifier
    made_of: tuple[str, str]


class Closed:
    """Believes nothing: the secrets of the connection can't be read, or can't be used."""

    def verify(self, request: WebhookRequest) -> None:
        """Refuse the report.

        Raises:
            Forged: Always.
        """
        raise Forged("the secrets of this connection can't be used")


class WebhookDoors:
    """Every webhook address of the installation by its key.

    Args:
        db: The operational database.
        vault: Opens the secrets.
        monotonic: Seconds from an arbitrary start; replaceable in tests.
    """

    def __init__(self, db: Database, vault: Vault, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._db, self._vault, self._monotonic = db, vault, monotonic
        self._doors: dict[str, Door] = {}
        self._looked_at: dict[tuple[bool, str], float] = {}
        self._is_down, self._down_until = False, float("-inf")
        self._lock = Lock()

    def known(self, key: str) -> Door | None:
        """Return the door if it is in memory; never touches the database, so it may run in an event loop."""
        return self._doors.get(key)

    def get(self, key: str) -> Door | None:
        """Return the door, asking the database where it is not in memory; None if there is no such door.

        Raises:
            Unavailable: If it is not in memory and the database can't be asked.
        """
        if key not in self._doors and len(key) <= _LONGEST_KEY:
            self._look(key, again=False)
            if key not in self._doors and self._is_down:
                raise Unavailable("The database does not answer.", hint="Try again in a moment.")
        return self._doors.get(key)

    def renewed(self, key: str, than: Door) -> Door | None:
        """Return the door as the database has it now, if it has changed, else None."""
        self._look(key, again=True)
        found = self._doors.get(key)
        return found if found is not than else None

    def refresh(self) -> None:
        """Read all doors anew; a dead database is logged and changes nothing."""
        with self._lock:
            rows = self._rows(_ALL)
            if rows is not None:
                self._doors = {row.webhook_key: self._door(row) for row in rows if row.kind in WEBHOOKS}

    def _look(self, key: str, *, again: bool) -> None:
        """Read one door anew, unless that was done a moment ago for the same reason: not known, or known and looked at again."""
        with self._lock:
            now = self._monotonic()
            if now < self._down_until or now - self._looked_at.get((again, key), float("-inf")) < _PATIENCE_SECONDS:
                return
            rows = self._rows(_ALL.where(connections.c.webhook_key == key))
            if rows is None:
                return
            if len(self._looked_at) >= _LOOKS_KEPT:
                self._looked_at.clear()
            self._looked_at[again, key] = now
            without = {name: door for name, door in self._doors.items() if name != key}
            self._doors = without | {row.webhook_key: self._door(row) for row in rows if row.kind in WEBHOOKS}

    def _rows(self, statement: sa.Select[Any]) -> Sequence[Any] | None:
        try:
            with self._db.read() as connection:
                rows = connection.execute(statement).all()
        except (PostwrightError, SQLAlchemyError) as error:
            if not self._is_down:
                _log.warning("connections can't be read, going on with %d known: %s", len(self._doors), type(error).__name__)
            self._is_down, self._down_until = True, self._monotonic() + _PATIENCE_SECONDS
            return None
        self._is_down = False
        return rows

    def _door(self, row: Any) -> Door:
        made_of = (json.dumps(row.settings, sort_keys=True), row.secrets)
        known = self._doors.get(row.webhook_key)
        if known is not None and (known.connection_id, known.kind, known.made_of) == (row.id, row.kind, made_of):
            return known
        return Door(row.id, row.workspace_id, row.kind, self._verifier(row.id, row.kind, row.settings, row.secrets), made_of)

    def _verifier(self, connection_id: int, kind: str, settings: Mapping[str, Any], sealed: str) -> Verifier:
        try:
            secret = json.loads(self._vault.open(sealed)) if sealed else {}
            return WEBHOOKS[kind].verifier({**settings, **secret})
        except Exception as error:  # one connection that can't be used must not shut the doors of the others
            _log.error("no report to connection %d is believed, its secrets can't be used: %s", connection_id, type(error).__name__)
            return Closed()


_ALL = sa.select(
    connections.c.id,
    connections.c.workspace_id,
    connections.c.kind,
    connections.c.settings,
    connections.c.secrets,
    connections.c.webhook_key,
).where(connections.c.webhook_key.is_not(None))
