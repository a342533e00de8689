"""A few chains with seals on them, and a database whose triggers are gone, as for somebody who may do anything to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.log import AuditLog
from core.audit.recording import record
from core.audit.seals import Seals
from core.clock import FrozenClock
from core.permissions import Principal
from core.storage.database import Database

KEY = b"a-key-for-tests-only"
Write = Callable[..., None]


@pytest.fixture
def write(db: Database, clock: FrozenClock) -> Write:
    """Append entries to a chain, a second apart."""

    def append(by: Principal, count: int = 1, action: AuditAction = AuditAction.LIST_RENAMED, target: str = "list:7") -> None:
        for number in range(count):
            with db.transaction() as connection:
                record(connection, clock.now(), by, action, target, before={"name": f"Old {number}"}, after={"name": "New"})
            clock.advance(timedelta(seconds=1))

    return append


@pytest.fixture
def seals(db: Database, clock: FrozenClock) -> Seals:
    return Seals(db, clock, KEY)


@pytest.fixture
def log(db: Database, clock: FrozenClock) -> AuditLog:
    return AuditLog(db, clock, KEY)


@pytest.fixture
def ada() -> Principal:
    return Principal.system(1, "person:1")


@pytest.fixture
def chains(write: Write, seals: Seals, ada: Principal) -> None:
    """Two workspaces' chains and the installation's; all sealed, the first in three steps."""
    for _ in range(3):
        write(ada, 4)
        seals.seal()
    write(Principal.system(2, "cli"), 3)
    write(Principal.system(0, "visitor"), 2)
    seals.seal()


def without_triggers(db: Database) -> None:
    """Take away what refuses changes, as somebody can who may do anything to the database."""
    with db.transaction() as connection:
        for table in ("audit_log", "audit_seals"):
            names = [f"{table}_refuses_{what}" for what in ("update", "delete", "replace")]
            for name in names if db.dialect == "sqlite" else [f"{table}_refuses"]:
                connection.execute(sa.text(f"drop trigger {name}" + ("" if db.dialect == "sqlite" else f" on {table}")))
