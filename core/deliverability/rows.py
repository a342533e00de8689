"""Sender domains and their keys as they lie in the database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.deliverability import keys
from core.deliverability.keys import Algorithm
from core.deliverability.models import DkimKey
from core.deliverability.tables import dkim_keys, sender_domains
from core.errors import NotFound
from core.ids import random_name
from core.providers.tables import connections
from core.storage.vault import Vault

_KEY_COLUMNS = (
    *(dkim_keys.c.id, dkim_keys.c.algorithm, dkim_keys.c.selector, dkim_keys.c.public_key),
    *(dkim_keys.c.created_at, dkim_keys.c.confirmed_at, dkim_keys.c.retired_at),
)

Row = sa.Row[Any]


def find(connection: sa.Connection, workspace_id: int, domain: str, *, lock: bool = False) -> Row:
    """Return a domain's row.

    Raises:
        NotFound: If this workspace has no such domain.
    """
    mine = sa.select(sender_domains).where(sender_domains.c.workspace_id == workspace_id, sender_domains.c.domain == domain)
    row = connection.execute(mine.with_for_update() if lock else mine).one_or_none()
    if row is None:
        raise NotFound("This domain is not set up here.", hint="Add it first.")
    return row


def listed(connection: sa.Connection, workspace_id: int) -> list[Row]:
    """Return the rows of a workspace's domains, by name."""
    mine = sa.select(sender_domains).where(sender_domains.c.workspace_id == workspace_id).order_by(sender_domains.c.domain)
    return list(connection.execute(mine))


def connections_of(connection: sa.Connection, workspace_id: int) -> list[Row]:
    """Return what mail of a workspace leaves through, without secrets."""
    mine = sa.select(connections.c.id, connections.c.kind, connections.c.settings).where(connections.c.workspace_id == workspace_id)
    return list(connection.execute(mine.order_by(connections.c.name)))


def keys_of(connection: sa.Connection, domain_ids: Iterable[int]) -> dict[int, tuple[DkimKey, ...]]:
    """Return the keys of domains, the newest first."""
    found: dict[int, tuple[DkimKey, ...]] = {}
    wanted = sa.select(dkim_keys.c.domain_id, *_KEY_COLUMNS).where(dkim_keys.c.domain_id.in_(list(domain_ids)))
    for domain_id, number, algorithm, *rest in connection.execute(wanted.order_by(dkim_keys.c.id.desc())):
        found[domain_id] = (*found.get(domain_id, ()), DkimKey(number, Algorithm(algorithm), *rest))
    return found


def add_keys(connection: sa.Connection, vault: Vault, row: Row, at: datetime) -> str:
    """Make a key of each algorithm for a domain and return what their selectors begin with."""
    name = f"pw{random_name(6)}"  # a domain may be set up in several places, each with keys of its own
    for algorithm in Algorithm:
        key = keys.make(algorithm)
        sealed = vault.seal(keys.to_text(key))
        values = {"workspace_id": row.workspace_id, "domain_id": row.id, "algorithm": algorithm.value, "selector": f"{name}-{algorithm}"}
        values |= {"public_key": keys.published(key), "private_key": sealed, "created_at": at}
        connection.execute(sa.insert(dkim_keys).values(**values))
    return name


def confirm(connection: sa.Connection, known: Iterable[DkimKey], selectors: frozenset[str], at: datetime) -> bool:
    """Let keys sign that were found in the DNS, and retire those they take over from; return whether anything changed."""
    known, changed = tuple(known), False
    for key in known:
        if key.selector not in selectors or key.confirmed_at is not None:
            continue
        older = [one.id for one in known if one.algorithm is key.algorithm and one.id < key.id and one.retired_at is None]
        connection.execute(sa.update(dkim_keys).where(dkim_keys.c.id == key.id).values(confirmed_at=at))
        connection.execute(sa.update(dkim_keys).where(dkim_keys.c.id.in_(older)).values(retired_at=at))
        changed = True
    return changed
