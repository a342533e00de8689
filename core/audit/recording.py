"""Writing an audit row: in the transaction of the change itself, so neither can exist without the other."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.tables import audit_heads, audit_log
from core.permissions import Principal
from core.storage.database import insert_or_ignore

INSTALLATION = 0  # the chain of what belongs to no workspace
FIRST_HASH = "0" * 64
HIDDEN = "•••"
LONGEST_VALUE = 500
_SECRET_NAME = re.compile(r"password|secret|token|api_?key|code|hash", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>\"']+@[^\s@<>\"']+")
# What a row's hash covers, in this order, after the hash before it.
HASHED = ("workspace_id", "sequence", "at", "actor", "via", "origin", "action", "target", "before", "after")

Values = Mapping[str, object]


def record(
    connection: sa.Connection,
    at: datetime,
    by: Principal,
    action: AuditAction,
    target: str = "",
    *,
    before: Values | None = None,
    after: Values | None = None,
) -> None:
    """Append a row to the workspace's chain inside the transaction that makes the change; call it last in there.

    The chain's end is locked until the transaction is over, so rows of one workspace are written one after the other.

    Args:
        connection: The open transaction.
        at: Now.
        by: Who did it; its workspace chooses the chain.
        action: What was done.
        target: What it was done to, as "noun:id" ("campaign:7").
        before: What it was, only what changed; ids, names and numbers. Secrets and addresses are blotted out all the same.
        after: What it is now, likewise.
    """
    head = _head(connection, by.workspace_id)
    row = {
        "workspace_id": by.workspace_id,
        "sequence": head.sequence + 1,
        "at": at,
        "actor": by.label,
        "via": by.via,
        "origin": by.origin[:64],
        "action": action.value,
        "target": target,
        "before": canonical(before),
        "after": canonical(after),
    }
    row["previous_hash"], row["hash"] = head.hash, row_hash(head.hash, row)
    connection.execute(sa.insert(audit_log).values(**row))
    moved = sa.update(audit_heads).where(audit_heads.c.workspace_id == by.workspace_id)
    connection.execute(moved.values(sequence=row["sequence"], hash=row["hash"]))


def row_hash(previous: str, row: Mapping[str, object]) -> str:
    """Return the SHA-256 that ties a row to the one before it.

    Args:
        previous: The hash of the row before, or `FIRST_HASH`.
        row: The values of `HASHED`; `at` is an aware datetime.
    """
    at = row["at"]
    assert isinstance(at, datetime)
    values = [row[name] if name != "at" else at.astimezone(UTC).isoformat(timespec="microseconds") for name in HASHED]
    return hashlib.sha256(json.dumps([previous, *values], ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def canonical(values: Values | None) -> str:
    """Return values as JSON that is the same for the same values, without secrets and without addresses; "" for none."""
    if values is None:
        return ""
    return json.dumps(_harmless(values), sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)


def _harmless(value: object, name: str = "") -> object:
    if name and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _harmless(one, str(key)) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_harmless(one) for one in (sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _ADDRESS.sub(HIDDEN, str(value))[:LONGEST_VALUE]


def _head(connection: sa.Connection, workspace_id: int) -> sa.Row[Any, Any]:
    """Return the chain's end and lock it, beginning the chain where there is none."""
    mine = sa.select(audit_heads.c.sequence, audit_heads.c.hash).where(audit_heads.c.workspace_id == workspace_id).with_for_update()
    found = connection.execute(mine).one_or_none()
    if found is None:
        insert_or_ignore(connection, audit_heads, [{"workspace_id": workspace_id, "sequence": 0, "hash": FIRST_HASH}])
        found = connection.execute(mine).one()
    return found
