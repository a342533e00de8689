from __future__ import annotations

import pytest

from core.accounts.password_changes import PasswordChanges
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.setup import Setup
from core.accounts.workspaces import Workspaces
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.storage.database import Database

PASSWORD = "correct horse battery"


@pytest.fixture
def workspaces(db: Database, clock: FrozenClock) -> Workspaces:
    return Workspaces(db, clock)


@pytest.fixture
def people(db: Database, clock: FrozenClock) -> People:
    return People(db, clock, rounds=4)


@pytest.fixture
def password_changes(db: Database, clock: FrozenClock) -> PasswordChanges:
    return PasswordChanges(db, clock, rounds=4)


@pytest.fixture
def sessions(db: Database, clock: FrozenClock) -> Sessions:
    return Sessions(db, clock)


@pytest.fixture
def setup(db: Database, clock: FrozenClock, workspaces: Workspaces, people: People) -> Setup:
    return Setup(db, clock, workspaces, people)


@pytest.fixture
def ada(people: People, workspace: Principal) -> Person:
    return people.add(workspace, "Ada@Example.com", "Ada", PASSWORD, Role.ADMIN)


@pytest.fixture
def as_ada(people: People, workspace: Principal, ada: Person) -> Principal:
    return people.principal(ada.id, workspace.workspace_id)
