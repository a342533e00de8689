"""Sender domains on both databases: added, checked, given new keys, removed; and each workspace's for itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.audit.tables import audit_log
from core.clock import FrozenClock
from core.deliverability.dns import Dns
from core.deliverability.domains import SenderDomains
from core.deliverability.keys import Algorithm
from core.deliverability.models import Purpose, SenderDomain
from core.deliverability.records import YOUR_ADDRESS, zone_file
from core.deliverability.signing import Signing
from core.deliverability.tables import dkim_keys
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Permission, Principal, Role
from core.providers.connections import Connections
from core.settings import Settings
from core.storage.database import Database
from tests.deliverability.conftest import VAULT, made, publish, record_of
from tests.support.dns_server import DnsServer


@pytest.fixture
def domains(db: Database, clock: FrozenClock, dns: Dns) -> SenderDomains:
    """On each database in turn."""
    return made(db, clock, dns)


def selectors(domain: SenderDomain) -> list[str]:
    return [key.selector for key in domain.keys]


def test_a_domain_comes_with_keys_that_are_stored_sealed(domains: SenderDomains, workspace: Principal, db: Database) -> None:
    added = domains.add(workspace, " Example.com ")
    assert added.domain == "example.com"
    assert {key.algorithm for key in added.keys} == set(Algorithm)
    assert added == domains.get(workspace, "EXAMPLE.COM") == domains.all(workspace)[0]
    with db.read() as connection:
        sealed = connection.execute(sa.select(dkim_keys.c.private_key)).scalars().all()
    assert all(VAULT.open(one) not in one for one in sealed)
    assert all("PRIVATE" not in one and len(one) > 100 for one in sealed)


def test_a_domain_is_there_once_in_a_workspace_and_may_be_in_another(domains: SenderDomains, workspace: Principal, db, clock) -> None:
    domains.add(workspace, "example.com")
    with pytest.raises(Conflict, match="there already"):
        domains.add(workspace, "EXAMPLE.com.")
    other = Principal.system(Workspaces(db, clock).create("Other").id)
    with pytest.raises(NotFound):
        domains.get(other, "example.com")
    theirs = domains.add(other, "example.com")
    assert not set(selectors(theirs)) & set(selectors(domains.get(workspace, "example.com")))
    domains.remove(other, "example.com")
    assert domains.all(other) == []
    assert len(domains.all(workspace)) == 1


def test_a_key_signs_from_the_check_on_that_finds_it(domains: SenderDomains, workspace: Principal, dns_server: DnsServer) -> None:
    added = domains.add(workspace, "example.com")
    assert domains.check(workspace, "example.com").signs_with == ()
    publish(dns_server, added)
    found = domains.check(workspace, "example.com")
    assert set(found.signs_with) == set(found.keys)
    assert found.checked_at is not None


def test_new_keys_take_over_when_they_are_found_and_old_ones_wait_to_be_removed(
    domains: SenderDomains, workspace: Principal, dns_server: DnsServer, clock: FrozenClock
) -> None:
    publish(dns_server, domains.add(workspace, "example.com"))
    first = selectors(domains.check(workspace, "example.com"))
    unused = domains.rotate(workspace, "example.com")
    rotated = domains.rotate(workspace, "example.com")  # what was never published is replaced
    assert len(rotated.keys) == 4
    assert not (set(selectors(unused)) - set(first)) & set(selectors(rotated))
    assert [key.selector for key in rotated.signs_with] == first
    assert [key.selector for key in domains.check(workspace, "example.com").signs_with] == first
    with pytest.raises(Conflict, match="no old keys"):
        domains.remove_old_keys(workspace, "example.com")
    clock.advance(timedelta(hours=1))
    publish(dns_server, domains.get(workspace, "example.com"))
    after = domains.check(workspace, "example.com")
    assert not {key.selector for key in after.signs_with} & set(first)
    assert sorted(key.selector for key in after.old_keys) == sorted(first)
    assert all(one.record.host.split(".")[0] not in first for one in after.records)
    assert len(domains.remove_old_keys(workspace, "example.com").keys) == 2


def test_one_kind_of_key_may_be_published_without_the_other(domains: SenderDomains, workspace: Principal, dns_server: DnsServer) -> None:
    record = next(one.record for one in domains.add(workspace, "example.com").records if one.record.title == "DKIM, RSA")
    dns_server.set(record.host, "TXT", record.value)
    assert [key.algorithm for key in domains.check(workspace, "example.com").signs_with] == [Algorithm.RSA]


def test_whatever_stands_in_the_dns_can_be_kept(domains: SenderDomains, workspace: Principal, dns_server: DnsServer) -> None:
    domains.add(workspace, "example.com")
    dns_server.zone["example.com", "TXT"] = ['"v=spf1 \\000\\255\\027[31m ~all"', f'"{"x" * 255}"']
    dns_server.zone["_dmarc.example.com", "TXT"] = [f'"v=DMARC1; p={"y" * 200}\\000"']
    dns_server.set("example.com", "MX", "10 m\\000x.example.com.")
    found = domains.check(workspace, "example.com")
    assert found == domains.get(workspace, "example.com")
    assert "\0" not in repr(found)


def test_progress_is_told(domains: SenderDomains, workspace: Principal) -> None:
    domains.add(workspace, "example.com")
    steps: list[tuple[int, int]] = []
    found = domains.check(workspace, "example.com", lambda done, total: steps.append((done, total)))
    assert steps == [(number, len(found.records)) for number in range(1, len(found.records) + 1)]


def test_where_bounces_go_must_belong_to_the_domain(domains: SenderDomains, workspace: Principal) -> None:
    domains.add(workspace, "example.com")
    assert domains.change(workspace, "example.com", return_path="bounces").return_path == "bounces.example.com"
    with pytest.raises(InvalidInput, match="beneath the domain"):
        domains.change(workspace, "example.com", return_path="bounces.example.net")
    with pytest.raises(InvalidInput, match="nothing to change"):
        domains.change(workspace, "example.com")
    assert domains.change(workspace, "example.com", return_path="").return_path == ""


def test_only_what_the_domain_sends_through_is_asked_for(
    domains: SenderDomains, workspace: Principal, db: Database, clock: FrozenClock, settings: Settings
) -> None:
    connections = Connections(db, clock, VAULT, settings.data_dir)
    ours = connections.add(workspace, "Ours", "smtp", {"host": "mail.example.com"})
    brevo = connections.add(workspace, "Brevo", "smtp", {"host": "smtp-relay.brevo.com"})
    domains.add(workspace, "example.com")

    def spf() -> str:
        return record_of(domains.get(workspace, "example.com"), Purpose.SPF).record.value

    assert spf() == "v=spf1 include:spf.brevo.com a:mail.example.com ~all"
    domains.change(workspace, "example.com", connection_ids=[ours.id])
    assert spf() == "v=spf1 a:mail.example.com ~all"
    domains.change(workspace, "example.com", connection_ids=[brevo.id])
    assert spf() == "v=spf1 include:spf.brevo.com ~all"
    domains.change(workspace, "example.com", connection_ids=[])
    assert domains.get(workspace, "example.com").connection_ids is None
    with pytest.raises(NotFound):
        domains.change(workspace, "example.com", connection_ids=[2**40])


def test_without_a_connection_nothing_is_made_up(domains: SenderDomains, workspace: Principal) -> None:
    added = domains.add(workspace, "example.com")
    assert "ADDRESS-OF-YOUR-MAIL-SERVER" in record_of(added, Purpose.SPF).record.value
    zone = zone_file(added.records)
    assert "ADDRESS-OF-YOUR-MAIL-SERVER" not in entered(zone)
    assert zone.count("._domainkey.example.com.") == 2
    assert max(len(text) for line in zone.splitlines() for text in line.split('"')[1::2]) == 255


def test_a_record_is_not_offered_as_whole_while_it_leaves_out_one_of_the_connections(
    domains: SenderDomains, workspace: Principal, db: Database, clock: FrozenClock, settings: Settings
) -> None:
    connections = Connections(db, clock, VAULT, settings.data_dir)
    connections.add(workspace, "Brevo", "smtp", {"host": "smtp-relay.brevo.com"})
    ours = connections.add(workspace, "Ours", "smtp", {"host": "127.0.0.1"})
    record = record_of(domains.add(workspace, "example.com"), Purpose.SPF).record
    assert record.value == f"v=spf1 include:spf.brevo.com {YOUR_ADDRESS} ~all"
    assert "the mail server 127.0.0.1 can’t be known" in record.note
    zone = zone_file(domains.get(workspace, "example.com").records)
    assert f'; example.com.\t3600\tIN\tTXT\t"{record.value}"\n' in zone
    assert "v=spf1" not in entered(zone)

    connections.change(workspace, ours.id, {"host": "mail.example.com"})
    zone = zone_file(domains.get(workspace, "example.com").records)
    assert "v=spf1 include:spf.brevo.com a:mail.example.com ~all" in entered(zone)


def entered(zone: str) -> str:
    """Return what a name server takes of a zone file."""
    return "\n".join(line for line in zone.splitlines() if not line.startswith(";"))


def test_who_may_not_is_refused(domains: SenderDomains, workspace: Principal) -> None:
    domains.add(workspace, "example.com")
    marketer = Principal(workspace.workspace_id, "person:1", ROLE_PERMISSIONS[Role.MARKETER])
    assert domains.all(marketer)
    for act in (domains.add, domains.check, domains.rotate, domains.remove, domains.remove_old_keys, domains.change):
        with pytest.raises(Denied, match=Permission.CONNECTIONS_MANAGE):
            act(marketer, "example.com")


def test_what_is_removed_while_it_is_checked_is_gone(domains: SenderDomains, workspace: Principal) -> None:
    domains.add(workspace, "example.com")

    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            domains.remove(workspace, "example.com")

    with pytest.raises(NotFound):
        domains.check(workspace, "example.com", meanwhile)


def test_the_log_tells_what_was_done_and_no_secret(domains: SenderDomains, workspace: Principal, db: Database) -> None:
    domains.add(workspace, "example.com")
    domains.change(workspace, "example.com", return_path="bounces")
    domains.check(workspace, "example.com")
    domains.rotate(workspace, "example.com")
    domains.remove(workspace, "example.com")
    with db.read() as connection:
        log = connection.execute(sa.select(audit_log.c.action, audit_log.c.after).order_by(audit_log.c.sequence)).all()
    assert [action for action, _ in log] == [f"sender_domain.{verb}" for verb in ("added", "changed", "checked", "keys_made", "removed")]
    assert "bounces.example.com" in log[1].after


def test_old_mail_is_verified_as_long_as_the_old_record_stands(
    domains: SenderDomains, workspace: Principal, db: Database, clock: FrozenClock, dns_server: DnsServer
) -> None:
    signer = Signing(db, clock, VAULT).signer(workspace.workspace_id)
    message = b"From: tea@example.com\r\nSubject: Tea\r\n\r\nHello\r\n"
    publish(dns_server, domains.add(workspace, "example.com"))
    assert signer("example.com", message) == b""
    domains.check(workspace, "example.com")
    clock.advance(timedelta(seconds=30))
    first = signer("example.com", message)
    assert first.count(b"DKIM-Signature:") == 2
    assert b"a=rsa-sha256" in first.partition(b"ed25519-sha256")[0]
    domains.rotate(workspace, "example.com")
    clock.advance(timedelta(seconds=30))
    assert signer("example.com", message).split(b"s=")[1].partition(b";")[0] == first.split(b"s=")[1].partition(b";")[0]
    domains.remove(workspace, "example.com")
    clock.advance(timedelta(seconds=30))
    assert signer("example.com", message) == b""
