"""A PostgreSQL that a test may stop, and where processes come from that it may kill."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from core.ids import random_name
from core.storage.database import Database
from core.storage.migrate import migrate
from tests.faults.nursery import Nursery
from tests.support import postgres


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    found = Nursery(tmp_path_factory.mktemp("nursery") / "errors.log")
    yield found
    found.close()


@pytest.fixture(scope="session")
def stoppable_server(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The URL of a server of our own and the name of a migrated database on it; the one of the other tests, where that is ours."""
    if not os.environ.get("POSTWRIGHT_TEST_POSTGRES_URL"):
        yield request.getfixturevalue("postgres_server")
        return
    name = f"template_{random_name()}"
    with postgres.own_server() as url, postgres.database(url, name) as template_url:
        database = Database(template_url.replace("postgresql://", "postgresql+psycopg://"))
        migrate(database)
        database.close()
        yield url, name
