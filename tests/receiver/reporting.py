"""Connections providers report to, and their reports over HTTP."""

from __future__ import annotations

import json
import secrets
from typing import Any

import httpx2
import sqlalchemy as sa

from core.clock import SystemClock
from core.providers.tables import connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault
from tests.receiver.conftest import Site

TOKEN = "a-token-nobody-knows"
BEARER = {"authorization": f"Bearer {TOKEN}"}


def add_connection(settings: Settings, kind: str = "generic", **secret: str) -> str:
    """Add a connection and return the key of its address."""
    key = secrets.token_hex(16)
    sealed = Vault(settings.key).seal(json.dumps(secret or {"webhook_token": TOKEN}))
    row = {"workspace_id": 1, "name": key, "kind": kind, "settings": {}, "secrets": sealed, "webhook_key": key}
    _write(settings, sa.insert(connections).values(created_at=SystemClock().now(), **row))
    return key


def change_secret(settings: Settings, key: str, **secret: str) -> None:
    sealed = Vault(settings.key).seal(json.dumps(secret))
    _write(settings, sa.update(connections).where(connections.c.webhook_key == key).values(secrets=sealed))


def remove_connection(settings: Settings, key: str) -> None:
    _write(settings, sa.delete(connections).where(connections.c.webhook_key == key))


def hide_connections(settings: Settings, *, again: bool = True) -> None:
    """Make the database unable to answer questions about connections, or able again."""
    old, new = ("connections", "hidden") if again else ("hidden", "connections")
    _write(settings, sa.text(f"alter table {old} rename to {new}"))


def report(site: Site, key: str, body: bytes, kind: str = "generic", **headers: str) -> httpx2.Response:
    """Report as a provider does, with the token unless told otherwise."""
    given = BEARER | {"content-type": "application/json"} | {name.replace("_", "-"): value for name, value in headers.items()}
    return site.http.post(f"/webhooks/{kind}/{key}", content=body, headers=given)


def lines(site: Site, key: str) -> list[dict[str, Any]]:
    """What the journal holds of the reports to a connection."""
    db = Database(site.settings.resolved_database_url)
    with db.read() as connection:
        number = connection.execute(sa.select(connections.c.id).where(connections.c.webhook_key == key)).scalar_one()
    db.close()
    return [each for each in site.records("webhook") if each["connection_id"] == number]


def _write(settings: Settings, statement: Any) -> None:
    db = Database(settings.resolved_database_url)
    with db.transaction() as connection:
        connection.execute(statement)
    db.close()
