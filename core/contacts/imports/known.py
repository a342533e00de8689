"""The contacts that a file is about and that there are already, in few reads however many they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Sequence

import polars as pl
import sqlalchemy as sa

from core.contacts.tables import contacts, global_suppressions, list_members, list_optouts, suppressions
from core.contacts.visibility import seen_one_by_one
from core.permissions import Principal
from core.storage.bulk import columns_of
from core.storage.database import among, chunked

_BETWEEN = "\x1f"
_AT_ONCE = 20_000
_LOOKED_UP = 10_000
# Reading all contacts in order is faster than finding some of them one by one, up to so many for each that is wanted.
_SCANNED_PER_WANTED = 4
_SCHEMA = {"id": pl.Int64, "email": pl.String, "content": pl.UInt64}


def known_people(
    connection: sa.Connection,
    workspace_id: int,
    emails: pl.Series,
    list_id: int | None,
    waiting: Collection[int] = (),
    people: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return for each of these addresses the contact that has it, in their order: `id`, `known_content` (see `content_of`) and `on_list`.

    The first two are null where nobody has the address.

    Args:
        connection: Sees the contacts; inside the writing transaction nothing can come in between.
        workspace_id: Whose contacts.
        emails: Addresses in their one spelling, each once.
        list_id: The list that is asked about; None for one that is still to be made.
        waiting: Who was asked whether they want to be on it and may still answer: they are as good as on it.
        people: All contacts, as `all_people` reads them, where they were read before; None reads those that are needed.
    """
    found = _people_of(connection, workspace_id, emails) if people is None else people
    # All at once: joined a part of the file at a time, the contacts would be indexed anew for each part.
    joined = emails.alias("email").to_frame().join(found, on="email", how="left", maintain_order="left")
    settled = pl.concat([_settled(connection, list_id), pl.Series(list(waiting), dtype=pl.Int64)])
    return joined.select("id", pl.col("content").alias("known_content"), on_list=pl.col("id").is_in(settled.implode()))


def all_people(connection: sa.Connection, workspace_id: int, stopped: Callable[[], bool] = lambda: False) -> pl.DataFrame:
    """Return all contacts of a workspace: `id`, `email`, `content` (see `content_of`).

    Args:
        connection: Sees them.
        workspace_id: Whose.
        stopped: Asked after every 20,000 whether nobody wants them any more.
    """
    parts = columns_of(connection, _wanted(workspace_id), _AT_ONCE)
    return _as_people(itertools.takewhile(lambda _columns: not stopped(), parts))


def is_worth_scanning(connection: sa.Connection, workspace_id: int, wanted: int) -> bool:
    """Return whether so many people are found faster by reading all there are."""
    mine = contacts.c.workspace_id == workspace_id
    there = connection.execute(sa.select(sa.func.count()).select_from(contacts).where(mine)).scalar_one()
    return there <= _SCANNED_PER_WANTED * wanted


def content_of() -> pl.Expr:
    """Return a number that is the same for the same names and attributes, within one process."""
    return pl.concat_str("first_name", "last_name", "attributes", separator=_BETWEEN).hash().alias("content")


def suppressed_among(connection: sa.Connection, by: Principal, emails: pl.Series) -> set[str]:
    """Return which of these addresses nobody may write to; whoever sees some lists only is told of people on them."""
    here = suppressions.c.workspace_id == by.workspace_id
    hit = _found(connection, suppressions, [here], emails)
    hit |= _found(connection, global_suppressions, [global_suppressions.c.email.is_not(None)], emails)
    if by.lists is None:
        return hit
    seen = sa.select(contacts.c.email).where(contacts.c.workspace_id == by.workspace_id, *seen_one_by_one(by))
    return {
        email
        for few in chunked(sorted(hit), _LOOKED_UP)
        for email in connection.execute(seen.where(contacts.c.email.in_(among(connection, few)))).scalars()
    }


def _found(connection: sa.Connection, table: sa.Table, where: Sequence[sa.ColumnElement[bool]], emails: pl.Series) -> set[str]:
    """Return which of these addresses a table has: all it has are read only where they are not many more than those."""
    wanted, most = sa.select(table.c.email).where(*where), _SCANNED_PER_WANTED * len(emails)
    there = sa.select(sa.func.count()).select_from(wanted.limit(most + 1).subquery())  # counted no further than it matters
    if connection.execute(there).scalar_one() <= most:
        listed = pl.Series(connection.execute(wanted).scalars().all(), dtype=pl.String)
        return set(emails.filter(emails.is_in(listed.implode())))
    parts = (part.to_series().to_list() for part in emails.sort().to_frame().iter_slices(_LOOKED_UP))
    asked = (wanted.where(table.c.email.in_(among(connection, part))) for part in parts)
    return {email for one in asked for email in connection.execute(one).scalars()}


def _people_of(connection: sa.Connection, workspace_id: int, emails: pl.Series) -> pl.DataFrame:
    if is_worth_scanning(connection, workspace_id, len(emails)):
        return all_people(connection, workspace_id)
    wanted = _wanted(workspace_id)
    parts = (part.to_series().to_list() for part in emails.sort().to_frame().iter_slices(_LOOKED_UP))
    asked = (wanted.where(contacts.c.email.in_(among(connection, part))) for part in parts)
    return _as_people(columns for one in asked for columns in columns_of(connection, one, _AT_ONCE))


def _wanted(workspace_id: int) -> sa.Select[tuple[int, str, str]]:
    column = contacts.c
    content = column.first_name + _BETWEEN + column.last_name + _BETWEEN + sa.cast(column.attributes, sa.Text)
    return sa.select(column.id, column.email, content).where(column.workspace_id == workspace_id)


def _as_people(parts: Iterable[list[tuple[object, ...]]]) -> pl.DataFrame:
    """Return rows as the driver has them as people; the texts of a part are gone before the next is read."""
    found = [pl.DataFrame(schema=_SCHEMA)]
    for columns in parts:
        rows = pl.DataFrame(columns, schema={"id": pl.Int64, "email": pl.String, "content": pl.String}, orient="col")
        found.append(rows.with_columns(pl.col("content").hash()))
    return pl.concat(found)


def _settled(connection: sa.Connection, list_id: int | None) -> pl.Series:
    """Return who is on a list; who left it of their own will is not put back, so for an import they are as good as on it."""
    tables = (list_members, list_optouts) if list_id else ()
    found = [_numbers(connection, sa.select(table.c.contact_id).where(table.c.list_id == list_id)) for table in tables]
    return pl.concat([pl.Series(dtype=pl.Int64), *found])


def _numbers(connection: sa.Connection, query: sa.Select[tuple[int]]) -> pl.Series:
    found = [pl.Series(column, dtype=pl.Int64) for (column,) in columns_of(connection, query, _AT_ONCE)]
    return pl.concat([pl.Series(dtype=pl.Int64), *found])
