"""Connections: providers somebody has configured; secrets are encrypted at rest and never shown again."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.permissions import Permission, Principal
from core.providers.base import Provider, Sign, Surroundings
from core.providers.catalogue import OUTBOX
from core.providers.entering import changed_names, changed_values, checked_values, kind_named
from core.providers.pace_book import forget_standings
from core.providers.stored import opened, stored_mailbox, stored_values
from core.providers.tables import connections
from core.storage.database import Database, insert_or_ignore
from core.storage.vault import Vault

DEFAULT_NAME = "Outbox"
_MAX_NAME = 100
_COLUMNS = tuple(connections.c[name] for name in ("id", "name", "kind", "settings", "is_default", "webhook_key"))


@dataclass(frozen=True)
class Connection:
    """A configured provider.

    Args:
        id: Its number.
        name: What people call it.
        kind: The kind of provider.
        settings: What was entered, without secrets.
        is_default: Whether campaigns use it unless told otherwise.
        webhook_key: The last part of the address its provider reports to.
    """

    id: int
    name: str
    kind: str
    settings: dict[str, Any]
    is_default: bool
    webhook_key: str

    @property
    def sends(self) -> bool:
        """Whether mail can leave through it; else it only takes reports."""
        return kind_named(self.kind).sends

    @property
    def webhook_path(self) -> str:
        """The path, below the receiver's address, its provider reports to; empty where it does not report."""
        return f"/webhooks/{self.kind}/{self.webhook_key}" if kind_named(self.kind).webhook is not None else ""

    def webhook_url(self, public_url: str) -> str | None:
        """Return the address its provider reports to, None where it does not report.

        Args:
            public_url: Where the receiver is reached from outside.
        """
        return f"{public_url}{self.webhook_path}" if self.webhook_path else None

    def must_send(self) -> None:
        """Do nothing if mail can leave through it.

        Raises:
            Conflict: If it takes reports only.
        """
        if not self.sends:
            raise Conflict(f"“{self.name}” takes reports only; nothing can be sent through it yet.", hint="Choose another connection.")


class Connections:
    """Adds, changes, shows, tests and opens connections.

    Args:
        db: The database.
        clock: The time.
        vault: Encrypts secrets.
        data_dir: The data folder; the outbox lies in it.
        signer: Returns what signs the mail of a workspace (`Surroundings.sign`); None where nothing is signed here.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault, data_dir: Path, signer: Callable[[int], Sign] | None = None) -> None:
        self._db, self._clock, self._vault, self._data_dir = db, clock, vault, data_dir
        self._signer = signer

    def add(self, by: Principal, name: str, kind: str, values: Mapping[str, Any] | None = None) -> Connection:
        """Add a connection; the first one of a workspace is its default.

        Raises:
            InvalidInput: If the name, the kind or a value can't be used.
            Conflict: If there is a connection of that name.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        shown, secret = checked_values(kind_named(kind), values or {})
        row = self._row(by.workspace_id, _checked_name(name), kind, shown, secret)
        with self._db.transaction() as connection:
            row["is_default"] = kind_named(kind).can_send(shown | secret) and not _has_default(connection, by.workspace_id)
            if not insert_or_ignore(connection, connections, [row]):
                raise Conflict(f"There is a connection called “{row['name']}” already.", hint="Choose another name.")
            made = _one(connection, by.workspace_id, connections.c.name == row["name"])
            after = {"name": made.name, "kind": kind, "settings": sorted(values or {})}
            record(connection, self._clock.now(), by, AuditAction.CONNECTION_ADDED, f"connection:{made.id}", after=after)
            return made

    def change(self, by: Principal, connection_id: int, values: Mapping[str, Any]) -> Connection:
        """Change what was entered for a connection; campaigns that are being sent through it use it from their next try.

        Args:
            by: Who asks.
            connection_id: Which one; its name and kind stay.
            values: What is new. What is left out stays as it is, and so does a secret that is left empty.

        Raises:
            NotFound: If this workspace has no such connection.
            InvalidInput: If a value can't be used, or if a stored secret can't be read and is not entered again.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        mine = (connections.c.id == connection_id, connections.c.workspace_id == by.workspace_id)
        # Not "for update": who notes the pace holds a row of that, and must still be able to refer to this one.
        stored = sa.select(connections.c.kind, connections.c.settings, connections.c.secrets).where(*mine).with_for_update(key_share=True)
        with self._db.transaction() as connection:
            row = connection.execute(stored).one_or_none()
            if row is None:
                raise NotFound("This connection does not exist.")
            shown, secret = changed_values(kind_named(row.kind), values, row.settings, self._readable(row.secrets))
            connection.execute(sa.update(connections).where(*mine).values(settings=shown, secrets=self._sealed(secret)))
            forget_standings(connection, connection_id)
            changed = _one(connection, by.workspace_id, connections.c.id == connection_id)
            after = {"settings": changed_names(values, row.settings, shown)}
            record(connection, self._clock.now(), by, AuditAction.CONNECTION_CHANGED, f"connection:{connection_id}", after=after)
            return changed

    def all(self, by: Principal) -> list[Connection]:
        """Return the connections by name."""
        by.require(Permission.CAMPAIGNS_VIEW)
        mine = sa.select(*_COLUMNS).where(connections.c.workspace_id == by.workspace_id).order_by(connections.c.name)
        with self._db.read() as connection:
            return [Connection(*row) for row in connection.execute(mine)]

    def get(self, by: Principal, connection_id: int) -> Connection:
        """Return one connection.

        Raises:
            NotFound: If this workspace has no such connection.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            return _one(connection, by.workspace_id, connections.c.id == connection_id)

    def by_name(self, by: Principal, name: str) -> Connection:
        """Return the connection of that name.

        Raises:
            NotFound: If this workspace has none of that name.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            return _one(connection, by.workspace_id, connections.c.name == name.strip())

    def default(self, by: Principal) -> Connection:
        """Return the connection used unless told otherwise; a workspace without one gets the outbox."""
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:  # nearly always there: a page that is only looked at must not queue to write
            if _has_default(connection, by.workspace_id):
                return _one(connection, by.workspace_id, connections.c.is_default)
        with self._db.transaction() as connection:
            if not _has_default(connection, by.workspace_id):
                name = _free_name(connection, by.workspace_id)
                insert_or_ignore(connection, connections, [self._row(by.workspace_id, name, OUTBOX.kind, {}, {})])
                _make_default(connection, by.workspace_id, connections.c.name == name)
            return _one(connection, by.workspace_id, connections.c.is_default)

    def set_default(self, by: Principal, connection_id: int) -> Connection:
        """Make a connection the one used unless told otherwise.

        Raises:
            NotFound: If this workspace has no such connection.
            Conflict: If mail can't leave through it.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        with self._db.transaction() as connection:
            _one(connection, by.workspace_id, connections.c.id == connection_id).must_send()
            _make_default(connection, by.workspace_id, connections.c.id == connection_id)
            record(connection, self._clock.now(), by, AuditAction.CONNECTION_MADE_DEFAULT, f"connection:{connection_id}")
            return _one(connection, by.workspace_id, connections.c.id == connection_id)

    def remove(self, by: Principal, connection_id: int) -> None:
        """Remove a connection that no campaign uses, and no single message of the last weeks.

        Raises:
            NotFound: If this workspace has no such connection.
            Conflict: If one does.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        mine = sa.delete(connections).where(connections.c.id == connection_id, connections.c.workspace_id == by.workspace_id)
        try:
            with self._db.transaction() as connection:
                forget_standings(connection, connection_id)  # first, as whoever notes the pace locks that first
                gone = connection.execute(mine.returning(connections.c.name, connections.c.kind)).one_or_none()
                if gone is None:
                    raise NotFound("This connection does not exist.")
                helped = sa.and_(connections.c.workspace_id == by.workspace_id, connections.c.fallback_id == connection_id)
                connection.execute(sa.update(connections).where(helped).values(fallback_id=None))
                before = {"name": gone.name, "kind": gone.kind}
                record(connection, self._clock.now(), by, AuditAction.CONNECTION_REMOVED, f"connection:{connection_id}", before=before)
        except IntegrityError as error:
            raise Conflict(
                "A campaign or a message that is kept uses this connection.", hint="Its reports need it; add another one instead."
            ) from error

    def open(self, workspace_id: int, connection_id: int) -> Provider:
        """Return the provider of a connection, ready to send; the caller closes it.

        Raises:
            NotFound: If the workspace has no such connection.
            Unavailable: If its secrets can't be read, or if nothing can be sent through it.
        """
        kind, values = stored_values(self._db, self._vault, workspace_id, connection_id)
        sign = self._signer(workspace_id) if self._signer else None
        return kind.made(values, Surroundings(self._data_dir, sign))

    def test(self, by: Principal, connection_id: int) -> None:
        """Do nothing if the provider answers and accepts us, and so does the mailbox that bounces come back to, where there is one.

        Raises:
            NotFound: If this workspace has no such connection.
            Unavailable: If one can't be reached or refuses us; says why.
        """
        by.require(Permission.CONNECTIONS_MANAGE)
        provider = self.open(by.workspace_id, connection_id)
        try:
            provider.check()
        finally:
            provider.close()
        if (mailbox := stored_mailbox(self._db, self._vault, by.workspace_id, connection_id)) is not None:
            mailbox.close()

    def _row(self, workspace_id: int, name: str, kind: str, shown: dict[str, Any], secret: dict[str, Any]) -> dict[str, Any]:
        row = {"workspace_id": workspace_id, "name": name, "kind": kind, "settings": shown, "secrets": self._sealed(secret)}
        return row | {"is_default": False, "webhook_key": secrets.token_hex(16), "created_at": self._clock.now()}

    def _sealed(self, secret: Mapping[str, Any]) -> str:
        return self._vault.seal(json.dumps(secret)) if any(secret.values()) else ""

    def _readable(self, sealed: str) -> dict[str, Any] | None:
        """Return the secrets, or None where they were sealed with another key."""
        try:
            return opened(self._vault, sealed)
        except Unavailable:
            return None


def _checked_name(name: str) -> str:
    clean = " ".join(name.split())
    if not clean or len(clean) > _MAX_NAME or not clean.isprintable():
        raise InvalidInput("A connection needs a name.", hint=f"Use at most {_MAX_NAME} letters.")
    return clean


def _one(connection: sa.Connection, workspace_id: int, which: sa.ColumnElement[bool]) -> Connection:
    row = connection.execute(sa.select(*_COLUMNS).where(connections.c.workspace_id == workspace_id, which)).first()
    if row is None:
        raise NotFound("This connection does not exist.", hint="Add it first, or choose another one.")
    return Connection(*row)


def _has_default(connection: sa.Connection, workspace_id: int) -> bool:
    mine = sa.select(connections.c.id).where(connections.c.workspace_id == workspace_id, connections.c.is_default)
    return connection.execute(mine.limit(1)).first() is not None


def _free_name(connection: sa.Connection, workspace_id: int) -> str:
    """Return a name for the outbox that no connection of another kind has: that one might not send."""
    others = sa.select(connections.c.name).where(connections.c.workspace_id == workspace_id, connections.c.kind != OUTBOX.kind)
    taken = set(connection.execute(others).scalars())
    names = chain([DEFAULT_NAME], (f"{DEFAULT_NAME} {number}" for number in count(2)))
    return next(name for name in names if name not in taken)


def _make_default(connection: sa.Connection, workspace_id: int, which: sa.ColumnElement[bool]) -> None:
    mine = sa.update(connections).where(connections.c.workspace_id == workspace_id)
    connection.execute(mine.values(is_default=sa.case((which, True), else_=False)))
