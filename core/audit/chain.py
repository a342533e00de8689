"""Walking along a chain: each entry with the hash it has and the hash it should have, a few thousand at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from core.audit.recording import FIRST_HASH, HASHED, row_hash
from core.audit.tables import audit_log

CHUNK = 2_000
LOWEST, HIGHEST = -(2**63), 2**63 - 1  # numbers the databases can hold: what is put in front of the first entry is seen too
START = LOWEST - 1


def as_stored(column: sa.Column[datetime]) -> sa.ColumnElement[Any]:
    """Return a time's column as it lies there, for `moment_of`: one that somebody broke must be found, not fall over in its type."""
    return sa.type_coerce(column, sa.Text).label(column.name)


def moment_of(value: Any) -> datetime | None:
    """Return the moment that `as_stored` gave, aware on PostgreSQL and text in UTC on SQLite; None where it is none."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        return None
    if not isinstance(moment, datetime):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


_COLUMNS = (
    *(audit_log.c[name] if name != "at" else as_stored(audit_log.c.at) for name in HASHED),
    audit_log.c.previous_hash,
    audit_log.c.hash,
)


@dataclass(frozen=True)
class Link:
    """One entry of a chain.

    Args:
        sequence: Its number.
        at: When it was written; None where that can't be read.
        previous_hash: The hash it names as the one before.
        hash: The hash it has.
        is_unchanged: Whether that hash is the one of what is in the entry.
    """

    sequence: int
    at: datetime | None
    previous_hash: str
    hash: str
    is_unchanged: bool


def chunks(connection: sa.Connection, workspace_id: int, after: int = START) -> Iterator[Sequence[Link]]:
    """Yield the entries of a chain in order, some thousand at a time.

    Args:
        connection: To read with; one state from the first to the last.
        workspace_id: Which chain.
        after: The entry to begin behind.
    """
    mine = sa.select(*_COLUMNS).where(audit_log.c.workspace_id == workspace_id).order_by(audit_log.c.sequence).limit(CHUNK)
    while after < HIGHEST and (rows := connection.execute(mine.where(audit_log.c.sequence >= after + 1)).mappings().all()):
        yield [_link(row) for row in rows]
        after = rows[-1]["sequence"]


def faultless_from(connection: sa.Connection, workspace_id: int, after: int, previous: str) -> tuple[int, str] | None:
    """Return where a chain ends, number and hash, or None if it does not go on without a fault from one of its entries.

    Args:
        connection: To read with.
        workspace_id: Which chain.
        after: The number of the entry to begin behind; 0 for the whole chain.
        previous: That entry's hash, `FIRST_HASH` for the whole chain.
    """
    for links in chunks(connection, workspace_id, after if after else START):
        for link in links:
            if (link.sequence, link.previous_hash, link.is_unchanged) != (after + 1, previous, True):
                return None
            after, previous = link.sequence, link.hash
    return after, previous or FIRST_HASH


def _link(row: sa.RowMapping) -> Link:
    at = moment_of(row["at"])
    return Link(row["sequence"], at, row["previous_hash"], row["hash"], at is not None and _hash_of(row, at) == row["hash"])


def _hash_of(row: sa.RowMapping, at: datetime) -> str:
    try:
        return row_hash(row["previous_hash"], {**row, "at": at})
    except (TypeError, ValueError):  # bytes, a half character: nothing we write
        return ""
