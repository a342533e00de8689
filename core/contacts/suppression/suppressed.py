"""Suppressed addresses as they are read: of a workspace, and of the whole installation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa

from core.contacts.tables import contacts, global_suppressions, suppressions
from core.formulas import csv_lines
from core.storage.database import Database

_AT_A_TIME = 5_000


class SuppressionReason(StrEnum):
    """Why an address must not be written to."""

    HARD_BOUNCE = "hard_bounce"
    SOFT_BOUNCE = "soft_bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"
    ERASED = "erased"


@dataclass(frozen=True)
class Suppression:
    """An address nobody may write to.

    Args:
        email: The address in its one spelling; empty where the hash is left only.
        reason: Why.
        source: What led to it ("message:12", a person's note); may be empty.
        created_at: Since when.
        id: Its number.
        is_everywhere: Whether that holds for the whole installation.
    """

    email: str
    reason: SuppressionReason
    source: str
    created_at: datetime
    id: int = 0
    is_everywhere: bool = False


@dataclass(frozen=True)
class SuppressionPage:
    """Some suppressed addresses, newest first, and how many there are in all."""

    rows: list[Suppression]
    total: int


def is_suppressed() -> sa.ColumnElement[bool]:
    """Return the condition that nobody may write to the enclosing statement's contact: this workspace, or the whole installation."""
    return sa.or_(*(sa.exists().where(which).correlate(contacts) for which in suppressing(contacts.c.workspace_id, contacts.c.email)))


def suppressing(workspace_id: sa.ColumnElement[int], email: sa.ColumnElement[str]) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return which rows of `suppressions` and of `global_suppressions` say that a workspace must not write to an address."""
    here = sa.and_(suppressions.c.workspace_id == workspace_id, suppressions.c.email == email)
    return here, global_suppressions.c.email == email


def first_of(connection: sa.Connection, workspace_id: int, emails: Sequence[str]) -> Suppression | None:
    """Return why nobody may write to one of some addresses: what the workspace says, else the installation; None if they may all be."""
    here = (suppressions.c.workspace_id == workspace_id, suppressions.c.email.in_(emails))
    everywhere = global_suppressions.c.email.in_(emails)
    found = page_of(connection, suppressions, here, 1, counts=False).rows
    found = found or page_of(connection, global_suppressions, [everywhere], 1, counts=False).rows
    return found[0] if found else None


def matching(table: sa.Table, search: str = "", reason: SuppressionReason | None = None) -> list[sa.ColumnElement[bool]]:
    """Return the conditions of what is searched for."""
    wanted = search.strip().lower()
    found = [sa.func.lower(table.c.email).contains(wanted, autoescape=True)] if wanted else []
    return found if reason is None else [*found, table.c.reason == reason.value]


def page_of(
    connection: sa.Connection, table: sa.Table, where: Sequence[sa.ColumnElement[bool]], limit: int, offset: int = 0, *, counts: bool = True
) -> SuppressionPage:
    """Return some suppressed addresses of a table, newest first.

    Args:
        connection: An open connection.
        table: Those of workspaces, or those of the installation.
        where: Which.
        limit: At most this many.
        offset: So many are left out before.
        counts: Whether it matters how many there are in all.
    """
    total = connection.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one() if counts else 0
    wanted = sa.select(table.c.id, table.c.email, table.c.reason, table.c.source, table.c.created_at).where(*where)
    found = connection.execute(wanted.order_by(table.c.id.desc()).limit(limit).offset(offset)).all() if limit else []
    everywhere = table is global_suppressions
    rows = [Suppression(row.email or "", SuppressionReason(row.reason), row.source, row.created_at, row.id, everywhere) for row in found]
    return SuppressionPage(rows, total)


def suppressed_csv(db: Database, table: sa.Table, where: Sequence[sa.ColumnElement[bool]]) -> Iterator[str]:
    """Yield suppressed addresses as lines of a CSV, the newest first; of what is kept as a hash only nothing is told."""
    yield csv_lines([("email", "reason", "source", "since")])
    last: int | None = None
    while True:
        earlier = [] if last is None else [table.c.id < last]
        with db.read() as connection:
            found = page_of(connection, table, [*where, table.c.email.isnot(None), *earlier], _AT_A_TIME, counts=False).rows
        if found:
            yield csv_lines((one.email, one.reason.value, one.source, one.created_at.isoformat()) for one in found)
        if len(found) < _AT_A_TIME:
            return
        last = found[-1].id
