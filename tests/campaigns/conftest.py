"""A workspace with people, a template and everything a campaign needs, on each database in turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.app import Services, build
from core.campaigns.models import Audience, Campaign
from core.clock import FrozenClock
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from tests.support.lists import list_called

TEMPLATE = """<html><body><p>Hello {{ contact.first_name|default("you") }}</p>
<a href="https://shop.example.com/a">A</a> <a href="https://shop.example.com/b">B</a></body></html>"""


@pytest.fixture
def services(settings: Settings, clock: FrozenClock, db: Database) -> Iterator[Services]:
    """All services on the database at hand, not only on SQLite."""
    url = db.url if db.dialect == "postgresql" else ""
    built = build(settings.model_copy(update={"database_url": url}), clock=clock)
    yield built
    built.close()


@pytest.fixture
def by(workspace: Principal) -> Principal:
    return workspace


@pytest.fixture
def draft(services: Services, by: Principal) -> Callable[..., Campaign]:
    """Make a draft to a list of `people` contacts."""

    def make(people: int = 3, **fields: object) -> Campaign:
        chosen = list_called(services.lists, by, "Readers")
        for n in range(people):
            services.contacts.save(by, f"reader-{n}@example.com", first_name=f"Reader {n}", list_ids=[chosen.id])
        template = services.templates.save(by, "Letter", TEMPLATE)
        needed = {
            "name": "News",
            "subject": "Hello {{ contact.first_name }}",
            "template_id": template.template_id,
            "audience": Audience("list", chosen.id),
            "from_email": "news@example.com",
        }
        return services.campaigns.create(by, **(needed | fields))  # type: ignore[arg-type]

    return make
