"""The webhook addresses in the receiver's memory: new, changed and removed connections, and a database that does not answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.errors import Unavailable
from core.permissions import Principal
from core.providers.connections import Connections
from core.providers.tables import connections as table
from core.providers.webhook_doors import Door, WebhookDoors
from core.storage.database import Database
from core.storage.vault import Vault
from tests.providers.reporting import asked, is_believed


class Ticks:
    """Seconds that pass when told to."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def connections(db: Database, clock: FrozenClock, tmp_path: Path) -> Connections:
    return Connections(db, clock, Vault(b"key"), tmp_path)


@pytest.fixture
def doors(db: Database, ticks: Ticks) -> WebhookDoors:
    return WebhookDoors(db, Vault(b"key"), ticks)


def opens(door: Door | None, token: str) -> bool:
    return door is not None and is_believed(door.verifier, asked(b"", {"authorization": f"Bearer {token}"}))


def hide(db: Database, *, again: bool = True) -> None:
    old, new = ("connections", "hidden") if again else ("hidden", "connections")
    with db.transaction() as connection:
        connection.execute(sa.text(f"alter table {old} rename to {new}"))


def test_a_door_is_known_with_whose_it_is(doors: WebhookDoors, connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Events", "generic", {"webhook_token": "one"})
    assert doors.known(added.webhook_key) is None
    door = doors.get(added.webhook_key)
    assert door is not None
    assert (door.connection_id, door.workspace_id, door.kind) == (added.id, workspace.workspace_id, "generic")
    assert opens(door, "one")
    assert not opens(door, "two")
    assert doors.known(added.webhook_key) is door


def test_a_connection_that_does_not_report_has_no_door(doors: WebhookDoors, connections: Connections, workspace: Principal) -> None:
    outbox = connections.default(workspace)
    doors.refresh()
    assert doors.get(outbox.webhook_key) is None


def test_an_address_that_is_none_is_asked_about_once_a_second(
    doors: WebhookDoors, db: Database, ticks: Ticks, connections: Connections, workspace: Principal
) -> None:
    key = "k" * 32
    assert doors.get(key) is None
    added = connections.add(workspace, "Events", "generic", {"webhook_token": "one"})
    with db.transaction() as connection:
        connection.execute(sa.update(table).where(table.c.id == added.id).values(webhook_key=key))
    assert doors.get(key) is None
    ticks.now += 1
    assert doors.get(key) is not None
    assert doors.get("x" * 5000) is None


def test_a_new_secret_is_seen_and_what_did_not_change_keeps_its_memory(
    doors: WebhookDoors, connections: Connections, workspace: Principal, ticks: Ticks
) -> None:
    first, second = (connections.add(workspace, name, "generic", {"webhook_token": "one"}) for name in ("A", "B"))
    doors.refresh()
    before = doors.known(first.webhook_key), doors.known(second.webhook_key)
    connections.change(workspace, first.id, {"webhook_token": "two"})
    assert before[0] is not None
    renewed = doors.renewed(first.webhook_key, than=before[0])
    assert opens(renewed, "two")
    assert not opens(renewed, "one")
    assert before[1] is not None
    assert doors.renewed(second.webhook_key, than=before[1]) is None
    doors.refresh()
    assert doors.known(second.webhook_key) is before[1]
    assert doors.known(first.webhook_key) is renewed


def test_a_removed_connection_is_forgotten(doors: WebhookDoors, connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Events", "generic", {"webhook_token": "one"})
    doors.refresh()
    connections.remove(workspace, added.id)
    doors.refresh()
    assert doors.get(added.webhook_key) is None


def test_without_a_database_known_doors_stay_and_others_cannot_be_told(
    doors: WebhookDoors, connections: Connections, workspace: Principal, db: Database, ticks: Ticks
) -> None:
    added = connections.add(workspace, "Events", "generic", {"webhook_token": "one"})
    doors.refresh()
    hide(db)
    try:
        doors.refresh()
        assert opens(doors.get(added.webhook_key), "one")
        for _ in range(2):
            with pytest.raises(Unavailable):
                doors.get("k" * 32)
    finally:
        hide(db, again=False)
    ticks.now += 1
    assert doors.get("k" * 32) is None


@pytest.mark.parametrize("sealed", ["nonsense", ""])
def test_secrets_that_cannot_be_read_believe_nothing_and_shut_no_other_door(
    doors: WebhookDoors, connections: Connections, workspace: Principal, db: Database, sealed: str, caplog: Any
) -> None:
    broken, good = (connections.add(workspace, name, "generic", {"webhook_token": "one"}) for name in ("A", "B"))
    with db.transaction() as connection:
        connection.execute(sa.update(table).where(table.c.id == broken.id).values(secrets=sealed))
    doors.refresh()
    assert not opens(doors.known(broken.webhook_key), "one")
    assert not opens(doors.known(broken.webhook_key), "")
    assert opens(doors.known(good.webhook_key), "one")
    assert "one" not in caplog.text.split()


def test_what_reports_by_mail_has_no_door(doors: WebhookDoors, connections: Connections, workspace: Principal) -> None:
    added = connections.add(workspace, "Relay", "smtp", {"host": "mail.example.com", "bounce_protocol": "imap"})
    doors.refresh()
    assert doors.get(added.webhook_key) is None
    assert (added.webhook_path, added.webhook_url("https://mail.example.com")) == ("", None)
