from __future__ import annotations

import pytest
import sqlalchemy as sa

from core.accounts.password_changes import PasswordChanges
from core.accounts.people import People, Person
from core.accounts.sessions import Sessions
from core.accounts.setup import Setup
from core.accounts.sign_in import SignIn
from core.accounts.throttles import Throttles
from core.accounts.two_factor import TwoFactor
from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.permissions import Principal, Role
from core.storage.database import Database
from core.storage.vault import Vault

PASSWORD = "correct horse battery"
KEY = b"a-key-for-tests-only"


@pytest.fixture
def workspaces(db: Database, clock: FrozenClock) -> Workspaces:
    return Workspaces(db, clock)


@pytest.fixture
def people(db: Database, clock: FrozenClock) -> People:
    return People(db, clock, rounds=4)


@pytest.fixture
def throttles(db: Database, clock: FrozenClock) -> Throttles:
    return Throttles(db, clock, KEY)


@pytest.fixture
def password_changes(db: Database, clock: FrozenClock, throttles: Throttles) -> PasswordChanges:
    return PasswordChanges(db, clock, throttles, rounds=4)


@pytest.fixture
def two_factor(db: Database, clock: FrozenClock, throttles: Throttles) -> TwoFactor:
    return TwoFactor(db, clock, Vault(KEY), throttles, rounds=4)


@pytest.fixture
def gate(db: Database, clock: FrozenClock, throttles: Throttles, two_factor: TwoFactor) -> SignIn:
    return SignIn(db, clock, throttles, two_factor, rounds=4)


@pytest.fixture
def sessions(db: Database, clock: FrozenClock) -> Sessions:
    return Sessions(db, clock)


@pytest.fixture
def setup(db: Database, clock: FrozenClock, workspaces: Workspaces, people: People, throttles: Throttles) -> Setup:
    return Setup(db, clock, workspaces, people, throttles)


@pytest.fixture
def ada(people: People, workspace: Principal) -> Person:
    return people.add(workspace, "Ada@Example.com", "Ada", PASSWORD, Role.ADMIN)


@pytest.fixture
def as_ada(people: People, workspace: Principal, ada: Person) -> Principal:
    return people.principal(ada.id, workspace.workspace_id)


def trail(db: Database, workspace_id: int) -> list[tuple[str, str, str, str, str, str]]:
    """Return what the audit log tells: who, with what, from where, did what, to what, with which values."""
    told = ("actor", "via", "origin", "action", "target", "after")
    query = sa.select(*(audit_log.c[name] for name in told)).where(audit_log.c.workspace_id == workspace_id).order_by(audit_log.c.sequence)
    with db.read() as connection:
        return [tuple(row) for row in connection.execute(query)]
