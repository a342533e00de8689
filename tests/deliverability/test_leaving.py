"""Mail that leaves through a mail server: signed with the keys of its domain, or not at all while they can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import dkim
import pytest

from core.app import Services, build
from core.clock import FrozenClock
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.permissions import Principal
from core.providers.base import Outcome, SendResult
from core.settings import Settings
from tests.deliverability.conftest import publish
from tests.deliverability.test_dkim import outgoing
from tests.support.dns_server import DnsServer
from tests.support.mail_server import MailServer, serving


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with serving() as server:
        yield server


def send(services: Services, by: Principal, server: MailServer, **changed: object) -> SendResult:
    values = {"host": "127.0.0.1", "port": server.port, "security": "none"}
    made = next((one for one in services.connections.all(by) if one.kind == "smtp"), None)
    made = made or services.connections.add(by, "Ours", "smtp", values)
    with closing(services.connections.open(by.workspace_id, made.id)) as provider:
        [result] = provider.send([outgoing(**changed)])
    return result


def prepared(services: Services, by: Principal, dns: Dns, dns_server: DnsServer) -> None:
    services.sender_domains = SenderDomains(services.db, services.clock, services.vault, dns, services.settings.public_url)
    publish(dns_server, services.sender_domains.add(by, "example.com"))
    services.sender_domains.check(by, "example.com")


def test_it_arrives_signed_and_a_receiver_believes_both_signatures(
    services: Services, workspace: Principal, dns: Dns, dns_server: DnsServer, mail_server: MailServer
) -> None:
    prepared(services, workspace, dns, dns_server)
    assert send(services, workspace, mail_server, text=".dot\n\n..dots  \n\n\n").outcome is Outcome.ACCEPTED
    [envelope] = mail_server.received
    raw = bytes(envelope.content or b"")
    assert raw.startswith(b"DKIM-Signature:")
    look = dns.look()

    def lookup(name: bytes, timeout: int = 5) -> bytes:
        return "".join(look.txt(name.decode())).encode()

    assert dkim.DKIM(raw).verify(idx=0, dnsfunc=lookup)
    assert dkim.DKIM(raw).verify(idx=1, dnsfunc=lookup)


def test_a_domain_that_is_not_set_up_sends_as_before(services: Services, workspace: Principal, mail_server: MailServer) -> None:
    assert send(services, workspace, mail_server).outcome is Outcome.ACCEPTED
    assert b"DKIM-Signature" not in bytes(mail_server.received[0].content or b"")


def test_while_the_keys_cannot_be_read_mail_waits_instead_of_leaving_unsigned(
    services: Services,
    workspace: Principal,
    dns: Dns,
    dns_server: DnsServer,
    mail_server: MailServer,
    settings: Settings,
    clock: FrozenClock,
) -> None:
    prepared(services, workspace, dns, dns_server)
    other = build(Settings.load(data_dir=settings.data_dir, secret_key="a-key-nobody-sealed-with"), clock=clock)
    result = send(other, workspace, mail_server)
    other.close()
    assert (result.outcome, result.attempted) == (Outcome.RETRY, False)
    assert "secret key has changed" in result.reason
    assert mail_server.received == []
