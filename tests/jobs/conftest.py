"""Services on the real clock, and campaigns that are ready to be launched."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.app import Services, build
from core.campaigns.models import Audience, Campaign
from core.clock import FrozenClock
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from tests.support.asking import Desk, desk_of

NEWS = "<html><body><p>Hi {{ contact.first_name }}</p><a href='https://example.com/a'>Go</a></body></html>"


@pytest.fixture
def real(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Services]:
    """Services with the machine's own clock, on the database the test uses (`db`, else SQLite).

    A worker in another process has no other clock.
    """
    database: Database = request.getfixturevalue("db" if "db" in request.fixturenames else "sqlite_db")
    built = build(settings.model_copy(update={"database_url": database.url}))
    yield built
    built.close()


@pytest.fixture
def owner(real: Services) -> Principal:
    return Principal.system(real.workspaces.create("Acme").id)


@pytest.fixture
def draft(real: Services, owner: Principal) -> Callable[[int], Campaign]:
    """Write down a campaign to so many people."""

    def make(count: int) -> Campaign:
        data = "email,first_name\n" + "".join(f"p{n}@example.com,P{n}\n" for n in range(count))
        mapping = {"email": "email", "first_name": "first_name"}
        result = real.imports.run(owner, data.encode(), "people.csv", list_name=f"{count} people", mapping=mapping)
        return real.campaigns.create(
            owner,
            name="May",
            subject="Hi",
            template_id=real.templates.save(owner, "News", NEWS).template_id,
            audience=Audience("list", result.list_id or 0),
            from_email="news@example.com",
        )

    return make


@pytest.fixture
def desk(db: Database, settings: Settings, clock: FrozenClock, workspace: Principal) -> Iterator[Desk]:
    with desk_of(db, settings, clock, workspace) as made:
        yield made


@pytest.fixture
def small_desk(sqlite_db: Database, settings: Settings, clock: FrozenClock, workspace: Principal) -> Iterator[Desk]:
    """On SQLite only, where the database makes no difference."""
    with desk_of(sqlite_db, settings, clock, workspace) as made:
        yield made
