"""After the secret key was changed, what is stored is encrypted anew; the key of before can go then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.accounts.resealing import reseal
from core.accounts.tables import people
from core.cli.up import prepare
from core.clock import FrozenClock
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.deliverability.tables import dkim_keys
from core.messages.request_content import unseal
from core.messages.request_models import Request
from core.messages.requests import Requests
from core.messages.tables import requests
from core.permissions import Principal
from core.providers.connections import Connections
from core.providers.tables import connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault


@pytest.fixture
def fill(db: Database, clock: FrozenClock, workspace: Principal) -> Any:
    def with_secret(sealed: str) -> None:
        now = clock.now()
        row = {"workspace_id": workspace.workspace_id, "name": "Mail host", "kind": "smtp", "settings": {}, "is_default": False}
        with db.transaction() as connection:
            connection.execute(sa.insert(connections).values(secrets=sealed, webhook_key="k", created_at=now, **row))
            connection.execute(sa.insert(people).values(email="a@example.com", password_hash="", totp_secret=sealed, created_at=now))
            connection.execute(sa.insert(people).values(email="b@example.com", password_hash="", created_at=now))

    return with_secret


def _stored(db: Database) -> list[str]:
    with db.read() as connection:
        secret = connection.execute(sa.select(people.c.totp_secret).where(people.c.totp_secret.is_not(None))).scalar_one()
        return [secret, connection.execute(sa.select(connections.c.secrets)).scalar_one()]


def test_what_the_key_of_before_sealed_is_sealed_anew_once(db: Database, fill: Any) -> None:
    fill(Vault(b"old").seal("hunter2"))
    assert reseal(db, Vault(b"new", [b"old"])) == 2
    assert [Vault(b"new").open(sealed) for sealed in _stored(db)] == ["hunter2", "hunter2"]
    assert reseal(db, Vault(b"new", [b"old"])) == 0


def test_keys_that_mail_is_signed_with_are_sealed_anew_too(sqlite_db: Database, clock: FrozenClock, workspace: Principal) -> None:
    added = SenderDomains(sqlite_db, clock, Vault(b"old"), Dns("127.0.0.1:1"), "").add(workspace, "example.com")
    assert reseal(sqlite_db, Vault(b"new", [b"old"])) == len(added.keys) == 2
    with sqlite_db.read() as connection:
        assert all(Vault(b"new").open(sealed) for sealed in connection.execute(sa.select(dkim_keys.c.private_key)).scalars())


def test_what_single_messages_say_is_sealed_anew_and_what_is_forgotten_stays_so(
    db: Database, clock: FrozenClock, workspace: Principal, tmp_path: Path
) -> None:
    old = Vault(b"old")
    asked = Requests(db, clock, old, Connections(db, clock, old, tmp_path))
    receipt = Request("grace@example.com", "shop@shop.example", "Your order", text="Thanks")
    kept, forgotten = (asked.submit(workspace, receipt).message_id for _ in range(2))
    with db.transaction() as connection:
        connection.execute(sa.update(requests).where(requests.c.message_id == forgotten).values(content=""))

    assert reseal(db, Vault(b"new", [b"old"])) == 1
    with db.read() as connection:
        contents = {row.message_id: row.content for row in connection.execute(sa.select(requests))}
    assert unseal(contents[kept], Vault(b"new")).subject == "Your order"
    assert contents[forgotten] == ""
    assert reseal(db, Vault(b"new", [b"old"])) == 0


def test_what_no_key_opens_stays_as_it_is(db: Database, fill: Any, caplog: pytest.LogCaptureFixture) -> None:
    sealed = Vault(b"lost").seal("hunter2")
    fill(sealed)
    assert reseal(db, Vault(b"new", [b"old"])) == 0
    assert _stored(db) == [sealed, sealed]
    assert "opens with none of the keys" in caplog.text


def test_starting_the_product_with_a_new_key_seals_everything_anew(sqlite_db: Database, settings: Settings, clock, workspace) -> None:
    now, old = clock.now(), Vault(b"the-key-of-last-year")
    row = {"workspace_id": workspace.workspace_id, "name": "Mail host", "kind": "smtp", "settings": {}, "is_default": False}
    with sqlite_db.transaction() as connection:
        connection.execute(sa.insert(connections).values(secrets=old.seal("hunter2"), webhook_key="k", created_at=now, **row))
    prepare(Settings.load(data_dir=settings.data_dir, secret_key="the-key-of-this-year", previous_secret_keys="the-key-of-last-year"))
    with sqlite_db.read() as connection:
        sealed = connection.execute(sa.select(connections.c.secrets)).scalar_one()
    assert Vault(b"the-key-of-this-year").open(sealed) == "hunter2"
