"""One PostgreSQL database that tests use in turn, emptied after each: making one for each took most of their time.

A test finds exactly what the template holds: its rows, no others, and every number drawn starts again. Where a test changed more
than rows (a table, a trigger, a setting of the database), or what the template itself had written, the next one gets a new copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
from psycopg import sql

from core.ids import random_name
from tests.support import postgres
from tests.support.waiting import wait_for

# Everything that is not a row changes a line of the catalog or adds one; emptying tables and counting on does neither. A temporary
# table is gone with its connection, but for the name of the empty schema it lay in, which PostgreSQL keeps for the next one.
_SHAPE = """select array[
  (select count(*) || ' ' || sum(xmin::text::bigint) from pg_attribute), (select count(*) || ' ' || sum(xmin::text::bigint) from pg_type),
  (select count(*) || ' ' || sum(xmin::text::bigint) from pg_trigger), (select count(*) || ' ' || sum(xmin::text::bigint) from pg_proc),
  (select count(*) || ' ' || sum(xmin::text::bigint) from pg_constraint),
  (select count(*) || ' ' || sum(xmin::text::bigint) from pg_namespace where nspname !~ '^pg_(toast_)?temp_'),
  (select count(*) || ' ' || sum(oid::bigint) from pg_class),
  (select coalesce(string_agg(setconfig::text, ' '), '') from pg_db_role_setting where setdatabase in (0, d.oid)),
  datallowconn || ' ' || datconnlimit] from pg_database d where datname = current_database()"""
_TABLES = "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname"
_OTHERS = "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
_COUNT_FROM_THE_START = """select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
  from pg_sequences where last_value is not null"""
_MUCH = 256 * 1024


class Reused:
    """A copy of a template, for one test after the other.

    Args:
        server_url: The server.
        template: The name of the database to copy.
    """

    def __init__(self, server_url: str, template: str) -> None:
        self._server_url, self._template = server_url, template
        self._copy = ExitStack()
        self._url = ""
        self._own: psycopg.Connection | None = None  # kept open: a new one would read the whole catalog again after each test

    @contextmanager
    def lent(self) -> Iterator[str]:
        """Yield its URL; nobody else uses it meanwhile."""
        if not self._url:
            self._make()
        try:
            yield self._url
        finally:
            if not self._is_as_made_again():
                self.close()

    def close(self) -> None:
        """Drop it."""
        self._url, self._own = "", None
        self._copy.close()

    def _make(self) -> None:
        name = f"test_{random_name()}"
        self._url = self._copy.enter_context(postgres.database(self._server_url, name, template=self._template))
        self._own = self._copy.enter_context(psycopg.connect(self._url, autocommit=True))
        self._tables = [name for (name,) in self._own.execute(_TABLES)]
        self._kept = set(self._filled(self._own))
        self._made = self._look(self._own)

    def _is_as_made_again(self) -> bool:
        """Empty it; answer whether it is now what it was when it was made."""
        own = self._own
        assert own
        try:
            # Asked again and again: PostgreSQL's own waiting looks once every tenth of a second.
            wait_for(lambda: not own.execute(_OTHERS).fetchall(), "the test's connections to end", seconds=5, every=0.002)
            if self._look(own) != self._made:
                return False
            self._empty(own, [name for name in self._filled(own) if name not in self._kept])
            return True
        except (psycopg.Error, AssertionError):
            return False

    def _look(self, connection: psycopg.Connection) -> object:
        """The shape of everything, and what the tables hold that the template filled."""
        rows = [
            connection.execute(sql.SQL("select t::text from {} t order by 1").format(sql.Identifier(n))).fetchall()
            for n in sorted(self._kept)
        ]
        return connection.execute(_SHAPE).fetchone(), rows

    def _filled(self, connection: psycopg.Connection) -> list[str]:
        asked = [sql.SQL("select {} where exists (select from {})").format(name, sql.Identifier(name)) for name in self._tables]
        return [name for (name,) in connection.execute(sql.SQL(" union all ").join(asked))]

    def _empty(self, connection: psycopg.Connection, names: list[str]) -> None:
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")  # neither foreign keys nor triggers that refuse
            for name in names:
                connection.execute(sql.SQL("delete from {}").format(sql.Identifier(name)))
        connection.execute(_COUNT_FROM_THE_START)
        for name in names:
            size = connection.execute("select pg_relation_size(quote_ident(%s)::regclass)", [name]).fetchone()
            if size and size[0] > _MUCH:  # rows that are gone would still be read
                connection.execute(sql.SQL("vacuum {}").format(sql.Identifier(name)))
