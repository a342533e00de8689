"""Both databases behave alike: durable settings, upserts, sequences, moments, and one shape from the migrations."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import core.accounts.tables
import core.api.tables
import core.audit.tables
import core.campaigns.tables
import core.contacts.hosted.tables
import core.contacts.imports.tables
import core.contacts.person_tables
import core.contacts.tables
import core.deliverability.tables
import core.events.tables
import core.experiments.tables
import core.links.tables
import core.messages.tables
import core.privacy.tables
import core.providers.tables
import core.segments.tables
import core.templates.tables
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.errors import Unavailable
from core.permissions import Principal
from core.storage.database import Database, chunked, insert_or_ignore, next_sequence, upsert
from core.storage.leases import Lease
from core.storage.migrate import is_current, migrate
from core.storage.schema import metadata
from core.storage.tables import leases, workspaces
from tests.conftest import NOON


def test_sqlite_is_set_to_lose_nothing(sqlite_db: Database) -> None:
    with sqlite_db.read() as connection:
        settings = {name: connection.exec_driver_sql(f"pragma {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_migrations_make_exactly_the_tables_the_code_uses(db: Database) -> None:
    assert is_current(db)
    with db.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrating_again_and_at_once_is_harmless(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'fresh.db'}")
    threads = [threading.Thread(target=migrate, args=(database,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert is_current(database)
    database.close()


def test_every_tenant_table_names_its_workspace() -> None:
    installation_wide = {
        "workspaces", "people", "sessions", "session_tickets", "setup_codes", "leases", "journal_offsets", "day_salts", "reported_keys",
        "password_resets", "recovery_codes", "throttles", "identities", "used_assertions", "global_suppressions",
    }  # fmt: skip
    without = {table.name for table in metadata.tables.values() if "workspace_id" not in table.c}
    assert without <= installation_wide


def test_a_moment_comes_back_as_aware_utc(db: Database) -> None:
    berlin = datetime(2026, 11, 22, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    with db.transaction() as connection:
        connection.execute(sa.insert(leases).values(name="x", owner="y", expires_at=berlin))
        found = connection.execute(sa.select(leases.c.expires_at)).scalar_one()
    assert found == NOON
    assert found.utcoffset() == timedelta()


def test_a_naive_moment_is_refused(db: Database) -> None:
    with pytest.raises(sa.exc.StatementError, match="without a zone"), db.transaction() as connection:
        connection.execute(sa.insert(leases).values(name="x", owner="y", expires_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_an_error_inside_a_transaction_takes_everything_back(db: Database) -> None:
    with pytest.raises(RuntimeError), db.transaction() as connection:
        connection.execute(sa.insert(leases).values(name="x", owner="y", expires_at=NOON))
        raise RuntimeError
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(leases)).scalar() == 0


def test_inserting_again_changes_nothing(db: Database) -> None:
    row = {"name": "x", "owner": "first", "expires_at": NOON}
    with db.transaction() as connection:
        assert insert_or_ignore(connection, leases, [row]) == 1
        assert insert_or_ignore(connection, leases, [row | {"owner": "second"}, row | {"name": "z"}]) == 1
        assert connection.execute(sa.select(leases.c.owner).where(leases.c.name == "x")).scalar() == "first"


def test_an_upsert_sets_only_the_columns_it_names(db: Database) -> None:
    row = {"name": "x", "owner": "first", "expires_at": NOON}
    with db.transaction() as connection:
        upsert(connection, leases, [row], key=["name"], update=["owner"])
        upsert(connection, leases, [row | {"owner": "second", "expires_at": NOON + timedelta(1)}], key=["name"], update=["owner"])
        assert connection.execute(sa.select(leases.c.owner, leases.c.expires_at)).one() == ("second", NOON)


def test_sequences_count_up_per_workspace_and_without_gaps_between_writers(db: Database, workspace: Principal, clock: FrozenClock) -> None:
    with db.transaction() as connection:
        other = connection.execute(sa.insert(workspaces).values(name="Other", created_at=clock.now())).inserted_primary_key[0]
        assert next_sequence(connection, other, "contacts") == 1
    seen: list[int] = []

    def take() -> None:
        for _ in range(10):
            with db.transaction() as connection:
                seen.append(next_sequence(connection, workspace.workspace_id, "contacts"))

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == list(range(1, 31))


def test_a_database_that_does_not_answer_says_what_to_do() -> None:
    database = Database("postgresql+psycopg://nobody@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(Unavailable, match="Try again"), database.read():
        pass


def test_chunks_cover_everything_once() -> None:
    assert [list(part) for part in chunked(range(5), 2)] == [[0, 1], [2, 3], [4]]


def test_only_one_holds_a_lease_until_it_expires(db: Database, clock: FrozenClock) -> None:
    first = Lease(db, clock, "ingester", "a", timedelta(seconds=10))
    second = Lease(db, clock, "ingester", "b", timedelta(seconds=10))
    assert first.hold()
    assert not second.hold()
    clock.advance(timedelta(seconds=5))
    assert first.hold(), "the holder may renew"
    clock.advance(timedelta(seconds=11))
    assert second.hold()
    with db.transaction() as connection:
        assert second.keep(connection)
        assert not first.keep(connection)


def test_of_two_changes_that_wait_for_each_other_one_is_undone_and_says_so(postgres_db: Database, clock: FrozenClock) -> None:
    workspace_id = Workspaces(postgres_db, clock).create("Acme").id
    names, both = ("one", "two"), threading.Barrier(2, timeout=30)
    with postgres_db.transaction() as connection:
        for name in names:
            next_sequence(connection, workspace_id, name)
    said: list[str] = []

    def change(*order: str) -> None:
        try:
            with postgres_db.transaction() as connection:
                next_sequence(connection, workspace_id, order[0])
                both.wait()
                next_sequence(connection, workspace_id, order[1])
        except Unavailable as error:
            said.append(str(error))

    threads = [threading.Thread(target=change, args=order) for order in (names, names[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["Two changes at once were in each other's way, this one was undone. Try it again."]


def test_a_lease_given_back_is_free_at_once(db: Database, clock: FrozenClock) -> None:
    first = Lease(db, clock, "ingester", "a", timedelta(seconds=10))
    first.hold()
    first.release()
    assert Lease(db, clock, "ingester", "b", timedelta(seconds=10)).hold()


def test_a_read_sees_one_state_whatever_is_written_meanwhile(db: Database, workspace: Principal) -> None:
    names = sa.select(workspaces.c.name)
    with db.read() as reading:
        before = reading.execute(names).scalars().all()
        with db.transaction() as writing:
            writing.execute(sa.update(workspaces).values(name="Renamed"))
        assert reading.execute(names).scalars().all() == before
    with db.read() as reading:
        assert reading.execute(names).scalars().all() == ["Renamed"]


def test_an_error_tells_the_statement_but_not_whose_data_it_was_about(db: Database) -> None:
    row = {"email": "ada@example.com", "name": "Ada Lovelace", "password_hash": "a secret", "created_at": NOON}
    with pytest.raises(sa.exc.DBAPIError) as error, db.transaction() as connection:
        connection.execute(sa.insert(core.accounts.tables.people), row | {"failed_attempts": None})
    said = str(error.value).partition("DETAIL")[0]  # which PostgreSQL itself adds
    assert "INSERT INTO people" in str(error.value)
    assert not [value for value in ("ada@", "Lovelace", "secret") if value in said]
