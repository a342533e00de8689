"""Tests that share a PostgreSQL database find nothing of each other in it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.storage.database import Database
from tests.support.reused import Reused


@pytest.fixture
def copy(postgres_server: tuple[str, str]) -> Iterator[Reused]:
    copy = Reused(*postgres_server)
    yield copy
    copy.close()


def test_rows_are_gone_and_numbers_start_again(copy: Reused, clock: FrozenClock) -> None:
    for _ in range(3):
        with copy.lent() as url:
            database = Database(url.replace("postgresql://", "postgresql+psycopg://"))
            assert Workspaces(database, clock).create("Acme").id == 1
            database.close()


def test_a_connection_that_was_left_open_ends(copy: Reused) -> None:
    with copy.lent() as url:
        left = psycopg.connect(url)
        left.execute("select from workspaces for update")
    with left, pytest.raises(psycopg.OperationalError):
        left.execute("select 1")


def test_a_temporary_table_is_no_reason_for_another_copy(copy: Reused) -> None:
    with copy.lent() as first, psycopg.connect(first, autocommit=True) as connection:
        connection.execute("create temporary table more (id int)")
    with copy.lent() as second, copy_is_whole(second):
        assert second == first


def test_whoever_ends_every_connection_gets_the_next_another_copy(copy: Reused, clock: FrozenClock) -> None:
    with copy.lent() as first, psycopg.connect(first, autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()"
        )
    with copy.lent() as second:
        database = Database(second.replace("postgresql://", "postgresql+psycopg://"))
        assert Workspaces(database, clock).create("Acme").id == 1
        database.close()
    assert second != first


@pytest.mark.parametrize(
    "change",
    [
        "create table more (id int)",
        "alter table workspaces add column more int",
        "alter table audit_log disable trigger user",
        "update alembic_version set version_num = '0001'",
        "do $$ begin execute format('alter database %I set work_mem = ''1MB''', current_database()); end $$",
    ],
)
def test_whatever_is_more_than_rows_is_left_behind_with_its_database(copy: Reused, change: str) -> None:
    with copy.lent() as first, psycopg.connect(first, autocommit=True) as connection:
        connection.execute(change)
    with copy.lent() as second, copy_is_whole(second):
        assert second != first
    with copy.lent() as third:
        assert third == second


def copy_is_whole(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url)
    assert connection.execute("select to_regclass('more')").fetchone() == (None,)
    return connection
