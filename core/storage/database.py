"""The operational database: SQLite by default, PostgreSQL by URL, the same statements on both."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from core.errors import StorageFull, Unavailable
from core.storage.tables import sequences

BUSY_TIMEOUT_SECONDS = 30
# psycopg prepares a statement at its sixth run, and PostgreSQL may then plan `IN (10,000 values)` without knowing them: it compares
# one by one instead of hashing (measured: 11 s in place of 0.02 s over 64,000 rows).
# A machine that is gone answers nothing: without bounds everybody waits minutes for it, and a thread each.
_PSYCOPG = {"options": "-c plan_cache_mode=force_custom_plan", "connect_timeout": 10, "tcp_user_timeout": 30_000}
# What PostgreSQL says of a deadlock, and of what can't be put in an order with what others did (its manual, appendix A).
_CROSSED = ("40P01", "40001")

Row = Mapping[str, Any]
T = TypeVar("T")


class Database:
    """A connection pool and the two ways to use it: `read()` and `transaction()`.

    Args:
        url: A SQLAlchemy URL; `sqlite:///…` or `postgresql+psycopg://…`.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        options = {} if url.startswith("sqlite") else {"connect_args": _PSYCOPG, "pool_pre_ping": True}
        # Parameters are people's addresses and names: an error must not carry them into a log.
        # Every contact's attributes are JSON: orjson reads them several times as fast.
        self.engine = sa.create_engine(url, pool_size=8, max_overflow=16, hide_parameters=True, json_deserializer=orjson.loads, **options)
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _set_up_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    @property
    def dialect(self) -> str:
        """The database's kind: `sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """Yield a connection in a transaction that can write; commits at the end, rolls back on an error.

        Raises:
            StorageFull: If the disk is full; nothing was written.
            Unavailable: If the database does not answer.
        """
        with _plain_errors(), self.engine.connect() as connection:
            writing = connection.execution_options(postwright_write=True)
            with writing.begin():
                yield writing

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Yield a connection that sees one consistent state and is not meant to write.

        Raises:
            Unavailable: If the database does not answer.
        """
        with _plain_errors(), self.engine.connect() as connection:
            if self.dialect == "postgresql":  # its default shows every statement what others committed a moment before
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def insert_or_ignore(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> int:
    """Insert rows, leaving those that would break a unique key alone; return how many were new."""
    if not rows:
        return 0
    statement = _insert(connection, table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(statement, [dict(row) for row in rows]).rowcount


def insert_or_ignore_from(connection: sa.Connection, table: sa.Table, columns: Sequence[str], source: sa.Select[Any]) -> int:
    """Insert what a query finds, leaving rows that would break a unique key alone; return how many were new."""
    # `where true` where the query has none: SQLite could not tell its ON from a join's (its documentation of UPSERT, 2.2).
    selected = source if source.whereclause is not None else source.where(sa.true())
    statement = _insert(connection, table).from_select(list(columns), selected).on_conflict_do_nothing()
    return int(connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount)


def upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[Row], *, key: Sequence[str], update: Sequence[str]) -> None:
    """Insert rows; where one with the same `key` columns exists, set its `update` columns instead."""
    if not rows:
        return
    insert = _insert(connection, table)
    statement = insert.on_conflict_do_update(
        index_elements=[table.c[name] for name in key],
        set_={name: insert.excluded[name] for name in update},
    )
    connection.execute(statement, [dict(row) for row in rows])


def insert_or_move_on(connection: sa.Connection, table: sa.Table, key: str, latest: str, source: sa.Select[Any]) -> int:
    """Insert what a query finds; a row with the same key is given the later one of both moments. Return how many changed.

    Args:
        connection: The caller's transaction.
        table: The table.
        key: Its key; the query has each only once.
        latest: The column with the moment.
        source: Finds the rows, with a condition, its columns named as the table's.
    """
    insert = _insert(connection, table).from_select([column.name for column in source.selected_columns], source)
    later = insert.excluded[latest]
    moved = insert.on_conflict_do_update(index_elements=[table.c[key]], set_={latest: later}, where=table.c[latest] < later)
    return int(connection.execute(moved, execution_options={"preserve_rowcount": True}).rowcount)


def next_sequence(connection: sa.Connection, workspace_id: int, name: str) -> int:
    """Return the next number of a workspace's sequence.

    The row stays locked until the transaction ends, so numbers become visible in order: a reader that has seen N
    will never find something at or below N appear later.
    """
    insert = _insert(connection, sequences).values(workspace_id=workspace_id, name=name, value=1)
    statement = insert.on_conflict_do_update(
        index_elements=[sequences.c.workspace_id, sequences.c.name],
        set_={"value": sequences.c.value + 1},
    ).returning(sequences.c.value)
    return int(connection.execute(statement).scalar_one())


def analyse(connection: sa.Connection, *tables: sa.Table) -> None:
    """Tell the database what its tables hold now; call it after a bulk load (PostgreSQL manual, 14.4.8).

    Without it PostgreSQL believes until its next automatic look that there are few rows, and joins them one by one (measured:
    145 s in place of 0.8 s). SQLite does without: its planner goes by the indexes.
    """
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.execute(sa.text(f'analyze "{table.name}"'))


def among(connection: sa.Connection, values: Collection[int] | Collection[str]) -> sa.Select[Any]:
    """Return a query of many values, for `column.in_(among(…))`: one parameter however many there are, and one plan for all.

    SQLAlchemy writes a list out parameter by parameter, which takes longer than the query (measured: 1.3 µs a value, 40%).

    Args:
        connection: Tells which database it is for.
        values: Numbers or texts, all of one kind.
    """
    is_text = isinstance(next(iter(values), 0), str)
    if connection.dialect.name == "sqlite":
        listed = sa.func.json_each(sa.literal(orjson.dumps(list(values)).decode(), sa.Text)).table_valued("value")
        return sa.select(listed.c.value)
    of: sa.types.TypeEngine[Any] = sa.Text() if is_text else sa.BigInteger()
    return sa.select(sa.func.unnest(sa.cast(sa.literal(list(values), postgresql.ARRAY(of)), postgresql.ARRAY(of))))


def lock_rows(connection: sa.Connection, key: sa.Column[Any], values: sa.Select[Any]) -> None:
    """Lock rows in the order of their key, so that two transactions never wait for each other in a circle.

    SQLite needs none of it: who writes has locked it all.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(sa.select(key).where(key.in_(values)).order_by(key).with_for_update()).all()


def insert_numbers(connection: sa.Connection, table: sa.Table, column: str, numbers: Collection[int], same: Row) -> None:
    """Insert one row per number, the other columns the same in all; numbers that are there already are left alone.

    Args:
        connection: The transaction.
        table: Where to; `column` is its key.
        column: What the numbers are.
        numbers: Whole numbers of up to 63 bits; in order they are inserted faster.
        same: The other columns.
    """
    if numbers:
        names = [column, *same]
        listed = among(connection, numbers).subquery()
        rows = sa.select(listed.c[0], *(sa.literal(value, table.c[name].type) for name, value in same.items()))
        insert_or_ignore_from(connection, table, names, rows)


def chunked(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Yield `items` in slices of at most `size`; for `IN (…)` lists and bounded transactions."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself (below), the driver must not
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    # IMMEDIATE takes the write lock at once: a later upgrade could fail with "locked" without waiting.
    writing = connection.get_execution_options().get("postwright_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        text = str(error.orig).lower()
        if getattr(error.orig, "sqlstate", None) in _CROSSED:
            raise Unavailable("Two changes at once were in each other's way, this one was undone.", hint="Try it again.") from error
        if "full" in text or "no space" in text:
            raise StorageFull("The disk is full, nothing was changed.", hint="Free some space and try again.") from error
        if "disk i/o error" in text:
            raise Unavailable(
                "The database can't be written, nothing was changed.", hint="Check the disk: its space, its quota, its health."
            ) from error
        if "locked" in text or "connect" in text or "closed" in text:
            raise Unavailable("The database does not answer.", hint="Try again in a moment.") from error
        raise
