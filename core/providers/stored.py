"""What was entered for a connection, secrets and defaults included, as those need it who connect with it."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa

from core.errors import NotFound
from core.providers.base import ProviderKind
from core.providers.entering import kind_named
from core.providers.mailbox import Mailbox
from core.providers.tables import connections
from core.storage.database import Database
from core.storage.vault import Vault


def stored_values(db: Database, vault: Vault, workspace_id: int, connection_id: int) -> tuple[ProviderKind, dict[str, Any]]:
    """Return a connection's kind and what was entered for it.

    Raises:
        NotFound: If the workspace has no such connection.
        Unavailable: If its secrets can't be read.
    """
    mine = sa.select(connections.c.kind, connections.c.settings, connections.c.secrets)
    mine = mine.where(connections.c.id == connection_id, connections.c.workspace_id == workspace_id)
    with db.read() as connection:
        row = connection.execute(mine).one_or_none()
    if row is None:
        raise NotFound("This connection does not exist.")
    kind = kind_named(row.kind)
    defaults = {field.name: field.default for field in kind.fields}
    return kind, defaults | row.settings | opened(vault, row.secrets)


def stored_mailbox(db: Database, vault: Vault, workspace_id: int, connection_id: int) -> Mailbox | None:
    """Return the mailbox that a connection's bounces come back to, open; None where none was entered.

    Raises:
        NotFound: If the workspace has no such connection.
        Unavailable: If its secrets can't be read, or if the mailbox can't be opened; says why.
    """
    kind, values = stored_values(db, vault, workspace_id, connection_id)
    return kind.mailbox(values) if kind.mailbox is not None else None


def opened(vault: Vault, sealed: str) -> dict[str, Any]:
    """Return the secrets of a connection.

    Raises:
        Unavailable: If they were sealed with another key.
    """
    return dict(json.loads(vault.open(sealed))) if sealed else {}
