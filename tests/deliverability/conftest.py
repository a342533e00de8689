"""A name server on loopback, and sender domains that are checked with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from core.clock import FrozenClock
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.deliverability.models import Checked, Purpose, SenderDomain
from core.deliverability.signing import Signing
from core.permissions import Principal
from core.providers.connections import Connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault
from tests.support.dns_server import DnsServer, serving

PUBLIC_URL = "https://links.example.com"
VAULT = Vault(b"a-key-for-tests-only")


@pytest.fixture
def dns_server() -> Iterator[DnsServer]:
    with serving() as server:
        yield server


@pytest.fixture
def dns(dns_server: DnsServer) -> Dns:
    return Dns(dns_server.address, question_seconds=0.4, look_seconds=5)


def made(db: Database, clock: FrozenClock, dns: Dns) -> SenderDomains:
    return SenderDomains(db, clock, VAULT, dns, PUBLIC_URL)


@pytest.fixture
def domains(sqlite_db: Database, clock: FrozenClock, dns: Dns) -> SenderDomains:
    """On SQLite, where the database makes no difference."""
    return made(sqlite_db, clock, dns)


@pytest.fixture
def connections(sqlite_db: Database, clock: FrozenClock, settings: Settings) -> Connections:
    return Connections(sqlite_db, clock, VAULT, settings.data_dir)


@pytest.fixture
def signing(sqlite_db: Database, clock: FrozenClock) -> Signing:
    return Signing(sqlite_db, clock, VAULT)


@pytest.fixture
def own_server(connections: Connections, workspace: Principal, dns_server: DnsServer) -> None:
    """Mail leaves through a server of one's own."""
    connections.add(workspace, "Ours", "smtp", {"host": "mail.example.com", "security": "none"})
    dns_server.set("mail.example.com", "A", "8.8.4.4")


@pytest.fixture
def checked(domains: SenderDomains, workspace: Principal) -> Callable[..., SenderDomain]:
    """Check example.com, which is added if it is not there."""

    def look(name: str = "example.com") -> SenderDomain:
        if all(one.domain != name for one in domains.all(workspace)):
            domains.add(workspace, name)
        return domains.check(workspace, name)

    return look


def publish(server: DnsServer, domain: SenderDomain) -> None:
    """Put everything into the DNS that a domain's records ask for."""
    server.set("links.example.com", "A", "8.8.8.8")
    server.set("mx.example.com", "A", "8.8.8.9")
    for one in domain.records:
        record = one.record
        if record.type == "TXT":
            server.set(record.host, "TXT", record.value)
        elif record.type == "MX":
            server.set(record.host, "MX", "10 mx.example.com.")


def record_of(domain: SenderDomain, purpose: Purpose, host: str = "") -> Checked:
    """Return the first record of a purpose, at a host where one is named."""
    return next(one for one in domain.records if one.record.purpose is purpose and host in ("", one.record.host))
