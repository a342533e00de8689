from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from core.permissions import Principal, Role
from core.ui.services import using

if TYPE_CHECKING:
    from core.accounts.people import Person
    from core.app import Services


@pytest.fixture
def shared(services: Services) -> Iterator[Services]:
    services.people.rounds = 4
    with using(services):
        yield services


@pytest.fixture
def ada(shared: Services) -> Person:
    workspace = shared.workspaces.create("Aurora")
    return shared.people.add(Principal.system(workspace.id), "ada@example.com", "Ada", "correct horse battery", Role.ADMIN)


@pytest.fixture
def ticket(shared: Services, ada: Person) -> str:
    return shared.sessions.issue_ticket(ada.id, shared.workspaces.for_person(ada.id)[0].id)
