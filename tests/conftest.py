"""What every test can ask for: settings, a clock, a migrated database of each kind, a workspace, all services."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from core.clock import FrozenClock
from core.ids import random_name
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.migrate import migrate
from tests.support import postgres
from tests.support.reused import Reused

if TYPE_CHECKING:
    from core.app import Services

# A shared machine may stall any single example; what counts is the answer, and every test has its own time limit.
hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a case with long data by its argument: keys and packed files differ from process to process, and these must agree."""
    is_long = (isinstance(val, bytes) and len(val) > 16) or (isinstance(val, str) and len(val) > 80)
    return argname if is_long else None


# Ten thousand tests and every module stay until the end: no need to look for garbage among them, while they are collected or later.
gc.disable()


def pytest_collection_finish() -> None:
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOON)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name in ("DATABASE_URL", "QUEUE_URL", "LAKE_URL", "PUBLIC_URL", "APP_URL", "SECRET_KEY", "DATA_DIR"):
        monkeypatch.delenv(f"POSTWRIGHT_{name}", raising=False)
    # Pictures of templates are not what is tested, except where a test says so.
    monkeypatch.setenv("POSTWRIGHT_CHROMIUM", "none")
    return Settings.load(data_dir=tmp_path / "data", secret_key="a-key-for-tests-only")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "app.db"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture
def sqlite_db(settings: Settings, migrated_file: Path) -> Iterator[Database]:
    shutil.copy(migrated_file, settings.data_dir / "app.db")
    database = Database(settings.resolved_database_url)
    yield database
    database.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[tuple[str, str]]:
    """The URL of a server and the name of a migrated database on it that others are copied from."""
    with postgres.server() as url:
        name = f"template_{random_name()}"
        with postgres.database(url, name) as template_url:
            database = Database(template_url.replace("postgresql://", "postgresql+psycopg://"))
            migrate(database)
            database.close()
            yield url, name


@pytest.fixture(scope="session")
def postgres_copy(postgres_server: tuple[str, str]) -> Iterator[Reused]:
    copy = Reused(*postgres_server)
    yield copy
    copy.close()


@pytest.fixture
def postgres_db(postgres_copy: Reused) -> Iterator[Database]:
    with postgres_copy.lent() as database_url:
        database = Database(database_url.replace("postgresql://", "postgresql+psycopg://"))
        yield database
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Database:
    """Each kind of database in turn."""
    return request.getfixturevalue("sqlite_db" if request.param == "sqlite" else "postgres_db")


@pytest.fixture
def services(settings: Settings, clock: FrozenClock, sqlite_db: Database) -> Iterator[Services]:
    from core.app import build

    built = build(settings, clock=clock)
    yield built
    built.close()


@pytest.fixture
def workspace(request: pytest.FixtureRequest, clock: FrozenClock) -> Principal:
    """The system's principal in a fresh workspace, on the database the test uses (`db`, else SQLite)."""
    from core.accounts.workspaces import Workspaces

    name = "db" if "db" in request.fixturenames else "sqlite_db"
    created = Workspaces(request.getfixturevalue(name), clock).create("Acme")
    return Principal.system(created.id)
