"""Signing what leaves: whose keys, how soon changes count, and what happens while they can't be read."""

from __future__ import annotations

import threading
from datetime import timedelta

import dkim
import pytest

from core.clock import FrozenClock
from core.deliverability.domains import SenderDomains
from core.deliverability.signing import Signing
from core.errors import Unavailable
from core.permissions import Principal
from core.storage.database import Database
from core.storage.vault import Vault
from tests.deliverability.conftest import publish
from tests.support.dns_server import DnsServer

MESSAGE = b"From: Tea <tea@example.com>\r\nTo: ann@example.net\r\nSubject: Tea\r\n\r\nHello\r\n"


@pytest.fixture
def ready(domains: SenderDomains, workspace: Principal, dns_server: DnsServer) -> Principal:
    """Somebody whose domain example.com is set up."""
    publish(dns_server, domains.add(workspace, "example.com"))
    domains.check(workspace, "example.com")
    return workspace


def test_what_leaves_is_believed_by_whoever_asks_the_dns(ready: Principal, signing: Signing, dns_server: DnsServer) -> None:
    def lookup(name: bytes, timeout: int = 5) -> bytes | None:
        values = dns_server.zone.get((name.decode().rstrip("."), "TXT"))
        return values[0].replace('" "', "").strip('"').encode() if values else None

    signed = signing.signer(ready.workspace_id)("example.com", MESSAGE) + MESSAGE
    assert dkim.DKIM(signed).verify(idx=0, dnsfunc=lookup)
    assert dkim.DKIM(signed).verify(idx=1, dnsfunc=lookup)


def test_a_domain_beneath_is_signed_as_the_one_above_and_others_not_at_all(ready: Principal, signing: Signing) -> None:
    sign = signing.signer(ready.workspace_id)
    assert b"d=example.com;" in sign("News.Example.com", MESSAGE)
    for other in ("example.net", "badexample.com", "com", ""):
        assert sign(other, MESSAGE) == b""
    assert signing.signer(ready.workspace_id + 1)("example.com", MESSAGE) == b""


def test_a_removed_domain_is_not_signed_after_half_a_minute(ready: Principal, signing: Signing, domains, clock: FrozenClock) -> None:
    sign = signing.signer(ready.workspace_id)
    assert sign("example.com", MESSAGE)
    domains.remove(ready, "example.com")
    clock.advance(timedelta(seconds=30))
    assert sign("example.com", MESSAGE) == b""


def test_keys_are_not_read_anew_for_every_message(ready: Principal, signing: Signing, sqlite_db: Database, clock: FrozenClock) -> None:
    sign = signing.signer(ready.workspace_id)
    first = sign("example.com", MESSAGE)
    sqlite_db.close()
    assert sign("example.com", MESSAGE) == first


def test_while_the_database_is_away_the_keys_of_before_sign(ready: Principal, clock: FrozenClock, settings, tmp_path) -> None:
    database = Database(settings.resolved_database_url)
    sign = Signing(database, clock, Vault(b"a-key-for-tests-only")).signer(ready.workspace_id)
    first = sign("example.com", MESSAGE)
    database.close()
    path = settings.data_dir / "app.db"
    hidden = path.rename(tmp_path / "hidden.db")
    path.mkdir()  # SQLite can't open a folder
    clock.advance(timedelta(minutes=5))
    assert sign("example.com", MESSAGE).count(b"DKIM-Signature") == first.count(b"DKIM-Signature") == 2
    path.rmdir()
    hidden.rename(path)


def test_mail_that_should_be_signed_does_not_leave_without(ready: Principal, sqlite_db: Database, clock: FrozenClock) -> None:
    sign = Signing(sqlite_db, clock, Vault(b"another-key-altogether")).signer(ready.workspace_id)
    with pytest.raises(Unavailable, match="secret key has changed"):
        sign("example.com", MESSAGE)


def test_several_threads_sign_at_once(ready: Principal, signing: Signing) -> None:
    sign = signing.signer(ready.workspace_id)
    made: list[bytes] = []
    threads = [threading.Thread(target=lambda: made.append(sign("example.com", MESSAGE))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
