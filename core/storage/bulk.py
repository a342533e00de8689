"""Many rows at once: a table of the transaction's own, filled as fast as each database takes rows."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from core.ids import random_name

if TYPE_CHECKING:
    import polars as pl

# Rows of a million people want their indexes at hand: with the usual 2 MB SQLite reads pages back that it has just written.
_CACHE_KIB = 64_000


@contextmanager
def gc_paused() -> Iterator[None]:
    """Keep Python from looking for objects that hold each other while a batch is made of some hundred thousand that don't.

    Each look goes through all of them: it takes a third of the ingester's time, and six of seven parts of reading many rows (measured).
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@contextmanager
def temporary_table(connection: sa.Connection, *columns: sa.Column[Any]) -> Iterator[sa.Table]:
    """Yield an empty table that only this connection sees, and that is gone afterwards.

    Args:
        connection: A transaction, or a connection that reads.
        columns: What is in it; not null.
    """
    table = sa.Table(f"loading_{random_name()}", sa.MetaData(), *columns, prefixes=["TEMPORARY"])
    table.create(connection)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"pragma cache_size = -{_CACHE_KIB}")
        # Dropping what fills a file takes as long as writing it: the file goes with its connection, which nobody else gets.
        connection.detach()
    yield table
    if connection.dialect.name != "sqlite":
        table.drop(connection)


def load(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    """Put rows into a table.

    Args:
        connection: The transaction.
        table: Where to.
        frame: The rows, none of them null; its columns are named as the table's.
    """
    names = ", ".join(f'"{name}"' for name in frame.columns)
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * frame.width)
        with gc_paused():
            columns = [series.to_list() for series in frame.get_columns()]
            driver.executemany(f'insert into "{table.name}" ({names}) values ({marks})', zip(*columns, strict=True))
    else:
        with driver.cursor() as cursor, cursor.copy(f'copy "{table.name}" ({names}) from stdin (format csv)') as copying:
            copying.write(frame.write_csv(include_header=False, quote_style="always").encode())


def columns_of(connection: sa.Connection, query: sa.Select[Any], size: int) -> Iterator[list[tuple[Any, ...]]]:
    """Yield what a query finds a column at a time, for so many rows at once; no more of it is in memory.

    As the driver has it: moments and JSON are not read back as they are elsewhere.

    Args:
        connection: An open connection.
        query: What to read.
        size: How many rows at once.
    """
    if connection.dialect.name == "sqlite":  # past SQLAlchemy's rows, which cost more than reading (measured: 2.2 s of 3.8)
        cursor: Any = connection.execute(query).cursor
        while columns := _next_columns(cursor, size):
            yield columns
        return
    for rows in connection.execute(query, execution_options={"yield_per": size}).partitions():
        yield list(zip(*rows, strict=True))


def _next_columns(cursor: Any, size: int) -> list[tuple[Any, ...]]:
    with gc_paused():
        return list(zip(*cursor.fetchmany(size), strict=True))
