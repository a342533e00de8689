"""What the columns of a file were the last time: kept per header, and suggested again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from core.contacts.imports.mapping import suggest
from core.contacts.imports.staged import Staged
from core.contacts.imports.tables import import_headers
from core.ids import fingerprint
from core.storage.database import upsert

SAMPLE_ROWS = 10


@dataclass(frozen=True)
class Suggested:
    """A field and a type per column, and whether somebody chose them for such a file before."""

    mapping: dict[str, str]
    kinds: dict[str, str] = field(default_factory=dict)
    is_remembered: bool = False


def suggested(connection: sa.Connection, workspace_id: int, staged: Staged) -> Suggested:
    """Return what the columns of a file probably are: what they were the last time, else what their names say."""
    column = import_headers.c
    mine = (column.workspace_id == workspace_id, column.header_hash == _hash(staged.columns))
    row = connection.execute(sa.select(column.mapping, column.kinds).where(*mine)).one_or_none()
    if row is None:
        return Suggested(suggest(staged.columns, sample(staged)))
    by_name = {_normal(name): name for name in staged.columns}
    mapping, kinds = ({by_name[name]: value for name, value in kept.items() if name in by_name} for kept in (row.mapping, row.kinds))
    return Suggested(dict.fromkeys(staged.columns, "skip") | mapping, kinds, is_remembered=True)


def remember(
    connection: sa.Connection,
    workspace_id: int,
    columns: Sequence[str],
    mapping: Mapping[str, str],
    kinds: Mapping[str, str],
    now: datetime,
) -> None:
    """Keep what the columns of a file were, inside the caller's transaction."""
    chosen = {name: {_normal(column): value for column, value in given.items()} for name, given in (("mapping", mapping), ("kinds", kinds))}
    row = {"workspace_id": workspace_id, "header_hash": _hash(columns), **chosen, "used_at": now}
    upsert(connection, import_headers, [row], key=["workspace_id", "header_hash"], update=["mapping", "kinds", "used_at"])


def sample(staged: Staged) -> list[dict[str, str]]:
    """Return the first rows of a file, by column."""
    keys = [staged.key(column) for column in staged.columns]
    return [dict(zip(staged.columns, row, strict=True)) for row in staged.head(SAMPLE_ROWS).select(keys).iter_rows()]


def _normal(column: str) -> str:
    return " ".join(column.split()).casefold()


def _hash(columns: Sequence[str]) -> str:
    return fingerprint("\x1f".join(map(_normal, columns)))
