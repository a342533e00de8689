"""What is said about the DNS of a domain, asked of a real name server in every state it can be in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.deliverability import keys
from core.deliverability.dns import Dns, name_servers
from core.deliverability.domains import SenderDomains
from core.deliverability.keys import Algorithm
from core.deliverability.models import Checked, Need, Purpose, SenderDomain, State, Verdict
from core.deliverability.records import zone_file
from core.errors import InvalidInput, Unavailable
from core.permissions import Principal
from core.providers.connections import Connections
from tests.deliverability.conftest import publish, record_of
from tests.support.dns_server import DnsServer, dead_port, serving

Check = Callable[..., SenderDomain]


def verdicts(domain: SenderDomain) -> dict[str, State | None]:
    return {f"{one.record.title} {one.record.host}".strip(): one.state for one in domain.records}


def said(one: Checked) -> str:
    assert one.finding
    return f"{one.finding.says} {one.finding.fix}"


@pytest.mark.usefixtures("own_server")
def test_a_domain_with_everything_is_ready(checked: Check, dns_server: DnsServer) -> None:
    publish(dns_server, checked())
    found = checked()
    assert found.verdict is Verdict.READY, verdicts(found)
    assert set(verdicts(found).values()) == {State.OK}
    assert [one.aligned for one in found.alignment] == [True, True]


@pytest.mark.usefixtures("own_server")
def test_a_domain_with_nothing_says_what_to_do(checked: Check) -> None:
    found = checked()
    assert found.verdict is Verdict.NOT_READY
    assert set(verdicts(found).values()) == {State.MISSING}
    assert all(one.finding and one.finding.fix for one in found.records)


@pytest.mark.usefixtures("own_server")
def test_a_domain_nobody_has_looked_at_claims_nothing(domains: SenderDomains, workspace: Principal) -> None:
    added = domains.add(workspace, "example.com")
    assert added.verdict is Verdict.UNCHECKED
    assert {one.state for one in added.records} == {None}


def test_two_spf_records_are_none(checked: Check, dns_server: DnsServer) -> None:
    dns_server.zone["example.com", "TXT"] = ['"v=spf1 mx ~all"', '"v=spf1 a ~all"', '"something else"']
    one = record_of(checked(), Purpose.SPF)
    assert one.state is State.WRONG
    assert "2 SPF records" in said(one)
    assert one.finding and len(one.finding.found) == 2


@pytest.mark.usefixtures("own_server")
def test_an_spf_record_of_others_only_is_answered_with_the_whole_new_one(checked: Check, dns_server: DnsServer) -> None:
    dns_server.set("example.com", "TXT", "v=spf1 include:_spf.google.com -all")
    dns_server.set("_spf.google.com", "TXT", "v=spf1 ip4:192.0.2.0/24 ~all")
    found = checked()
    one = record_of(found, Purpose.SPF)
    assert one.state is State.WRONG
    assert "does not allow a:mail.example.com" in said(one)
    assert one.value == "v=spf1 include:_spf.google.com a:mail.example.com -all"
    assert "v=spf1" not in zone_file(found.records)  # a second record beside it would be wrong too
    assert "v=DMARC1" in zone_file(found.records)


@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("record", ["v=spf1 ip4:8.8.4.0/24 ~all", "v=spf1 a:mail.example.com ~all", "v=spf1 mx ~all"])
def test_an_spf_record_may_name_the_server_by_its_address(checked: Check, dns_server: DnsServer, record: str) -> None:
    dns_server.set("example.com", "MX", "10 mail.example.com.")
    dns_server.set("example.com", "TXT", record)
    assert record_of(checked(), Purpose.SPF).state is State.OK


@pytest.mark.usefixtures("own_server")
def test_an_spf_record_that_takes_too_many_lookups_counts_for_nothing(checked: Check, dns_server: DnsServer) -> None:
    for number in range(12):
        dns_server.set(f"s{number}.net", "TXT", "v=spf1 -all")
    includes = " ".join(f"include:s{number}.net" for number in range(12))
    dns_server.set("example.com", "TXT", f"v=spf1 a:mail.example.com {includes} ~all")
    one = record_of(checked(), Purpose.SPF)
    assert one.state is State.WRONG
    assert "13 lookups" in said(one)


def test_a_mail_server_of_somebody_else_is_suggested_but_its_absence_is_no_fault(
    checked: Check, dns_server: DnsServer, connections: Connections, workspace: Principal
) -> None:
    connections.add(workspace, "Hosting", "smtp", {"host": "smtp.hosting.net"})
    dns_server.set("smtp.hosting.net", "A", "8.8.4.5")
    dns_server.set("example.com", "TXT", "v=spf1 include:spf.hosting.net ~all")
    dns_server.set("spf.hosting.net", "TXT", "v=spf1 ip4:8.8.8.0/24 -all")
    one = record_of(checked(), Purpose.SPF)
    assert "a:smtp.hosting.net" in one.record.value
    assert one.state is State.OK
    assert "Whoever runs that server knows" in said(one)


@pytest.mark.usefixtures("own_server")
def test_a_server_that_only_a_few_can_reach_leaves_by_an_address_nobody_here_knows(checked: Check, dns_server: DnsServer) -> None:
    dns_server.set("mail.example.com", "A", "10.0.0.25")
    dns_server.set("example.com", "TXT", "v=spf1 ip4:8.8.4.4 ~all")
    assert record_of(checked(), Purpose.SPF).state is State.OK


@pytest.mark.parametrize("ending", ["+all", "all"])
def test_an_spf_record_for_everybody_is_wrong(checked: Check, dns_server: DnsServer, ending: str) -> None:
    dns_server.set("example.com", "TXT", f"v=spf1 {ending}")
    assert "everybody" in said(record_of(checked(), Purpose.SPF))


def test_what_a_provider_needs_is_asked_for(checked: Check, dns_server: DnsServer, connections: Connections, workspace: Principal) -> None:
    values = {"host": "smtp.sendgrid.net", "username": "apikey", "password": "k"}
    connections.add(workspace, "SendGrid", "smtp", values)
    found = checked()
    assert "include:sendgrid.net" in record_of(found, Purpose.SPF).record.value
    theirs = next(one for one in found.records if "SendGrid" in one.record.title and one.record.purpose is Purpose.DKIM)
    assert theirs.state is State.UNKNOWN
    assert "s1._domainkey" in theirs.record.note
    dns_server.set("s1._domainkey.example.com", "CNAME", "s1.domainkey.u1.wl.sendgrid.net.")
    dns_server.set("s1.domainkey.u1.wl.sendgrid.net", "TXT", f"k=rsa; t=s; p={keys.published(keys.make(Algorithm.RSA))}")
    after = checked()
    theirs = next(one for one in after.records if "SendGrid" in one.record.title and one.record.purpose is Purpose.DKIM)
    assert theirs.state is State.OK
    assert [one.aligned for one in after.alignment if "SendGrid" in one.name] == [True]
    publish(dns_server, after)
    assert [one.name for one in checked().alignment] == ["DKIM, signed by us"]  # ours is on it already


@pytest.mark.usefixtures("own_server")
def test_a_provider_whose_bounces_go_elsewhere_is_no_reason_to_call_a_good_record_wrong(
    checked: Check, dns_server: DnsServer, connections: Connections, workspace: Principal
) -> None:
    connections.add(workspace, "Relay", "smtp", {"host": "smtp.sendgrid.net"})
    dns_server.set("example.com", "TXT", "v=spf1 a:mail.example.com ~all")
    one = record_of(checked(), Purpose.SPF)
    assert one.state is State.OK
    assert "include:sendgrid.net" in said(one)
    connections.add(workspace, "Other", "smtp", {"host": "smtp.mailgun.org"})
    assert record_of(checked(), Purpose.SPF).state is State.WRONG  # its bounces come to the domain itself


def _rsa(found: SenderDomain) -> Checked:
    return next(one for one in found.records if one.record.title == "DKIM, RSA")


def test_a_key_is_found_in_pieces_and_behind_a_cname(checked: Check, dns_server: DnsServer) -> None:
    record = _rsa(checked()).record
    assert len(record.value) > 255
    dns_server.set(record.host, "CNAME", "keys.example.net.")
    dns_server.set("keys.example.net", "TXT", record.value)
    assert _rsa(checked()).state is State.OK


def test_a_key_with_white_space_and_other_tags_is_the_same_key(checked: Check, dns_server: DnsServer) -> None:
    record = _rsa(checked()).record
    dns_server.set(
        record.host, "TXT", record.value.replace("p=", "t=s; h=sha256; s=email ; p = ").replace("; k=rsa", "").replace("AQ", "A Q")
    )
    assert _rsa(checked()).state is State.OK


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (lambda value: value[:200], "cut off"),
        (lambda value: f"v=DKIM1; k=rsa; p={keys.published(keys.make(Algorithm.RSA))}", "another key"),
        (lambda value: "v=DKIM1; p=", "revoked"),
        (lambda value: value.replace("k=rsa", "k=ed25519"), "another key"),
        (lambda value: value.replace("k=rsa", "h=sha1"), "SHA-256"),
    ],
)
def test_a_wrong_key_is_told_from_the_right_one(checked: Check, dns_server: DnsServer, changed, words: str) -> None:
    record = _rsa(checked()).record
    dns_server.set(record.host, "TXT", changed(record.value))
    one = _rsa(checked())
    assert one.state is State.WRONG
    assert words in said(one)


def test_two_keys_at_one_name_are_wrong(checked: Check, dns_server: DnsServer) -> None:
    record = _rsa(checked()).record
    dns_server.zone[record.host, "TXT"] = ['"v=DKIM1; p="', '"v=DKIM1; k=rsa; p=abc"']
    assert _rsa(checked()).state is State.WRONG


@pytest.mark.parametrize(
    ("record", "state", "words"),
    [
        ("v=DMARC1; p=reject; rua=mailto:d@example.com", State.OK, "refused"),
        ("v=DMARC1;p=none", State.OK, "rua"),
        ("v=dmarc1; p=none", State.WRONG, "capitals"),
        ("v=DMARC1; p=reject; rua=mailto:d@example.com,https://example.com/d", State.OK, "refused"),
        ("v=DMARC1; p=reject; rua=https://example.com/d", State.OK, "by email only"),
        ("v=DMARC1; rua=mailto:d@example.com", State.OK, "as p=none"),
        ("v=DMARC1; p=nothing; rua=mailto:d@example.com", State.OK, "as p=none"),
        ("v=DMARC1; p=reject; sp=nothing; rua=mailto:d@example.com", State.OK, "as p=none"),
        ("v=DMARC1; rua=d@example.com", State.WRONG, "no policy"),
        ("v=DMARC1; p=nothing", State.WRONG, "is no policy"),
        ("v=DMARC1; p=none; sp=nothing", State.WRONG, "is no policy"),
        ("v=DMARC1; p=reject; adkim=strict", State.OK, "r or s"),
        ("v=DMARC1; p=none; rua=d@example.com", State.OK, "mailto:"),
    ],
)
def test_a_dmarc_record_is_read(checked: Check, dns_server: DnsServer, record: str, state: State, words: str) -> None:
    dns_server.set("_dmarc.example.com", "TXT", record)
    one = record_of(checked(), Purpose.DMARC)
    assert one.state is state
    assert words in said(one)


def test_the_dmarc_record_of_the_organisation_counts_for_domains_beneath(checked: Check, dns_server: DnsServer) -> None:
    dns_server.set("_dmarc.example.co.uk", "TXT", "v=DMARC1; p=reject; sp=quarantine; rua=mailto:d@example.co.uk")
    one = record_of(checked("news.example.co.uk"), Purpose.DMARC)
    assert one.state is State.OK
    assert "quarantine" in said(one)
    assert "_dmarc.example.co.uk" in said(one)


def test_a_dmarc_record_twice_is_none(checked: Check, dns_server: DnsServer) -> None:
    dns_server.zone["_dmarc.example.com", "TXT"] = ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']
    assert record_of(checked(), Purpose.DMARC).state is State.WRONG


def test_a_domain_that_takes_no_mail_gets_no_bounces(checked: Check, dns_server: DnsServer) -> None:
    dns_server.set("example.com", "MX", "0 .")
    one = record_of(checked(), Purpose.MX)
    assert one.state is State.WRONG
    assert one.record.need is Need.REQUIRED
    dns_server.set("example.com", "MX", "10 nowhere.example.com.")
    assert "has no address" in said(record_of(checked(), Purpose.MX))


def test_a_bounce_address_of_a_connection_needs_records_of_its_own(
    checked: Check, connections: Connections, workspace: Principal, dns_server: DnsServer
) -> None:
    values = {"host": "mail.example.com", "security": "none", "return_path": "Bounces@Bounces.example.com"}
    connections.add(workspace, "Ours", "smtp", values)
    dns_server.set("mail.example.com", "A", "8.8.4.4")
    found = checked()
    assert record_of(found, Purpose.SPF, "bounces.example.com").record.need is Need.REQUIRED
    assert record_of(found, Purpose.SPF, "example.com").record.need is Need.RECOMMENDED
    assert record_of(found, Purpose.MX).record.need is Need.RECOMMENDED
    assert [(one.domain, one.aligned) for one in found.alignment if "SPF" in one.name] == [("bounces.example.com", None)]
    publish(dns_server, found)
    found = checked()
    assert record_of(found, Purpose.RETURN_PATH).state is State.OK
    assert [(one.domain, one.aligned) for one in found.alignment if "SPF" in one.name] == [("bounces.example.com", True)]
    dns_server.set("_dmarc.example.com", "TXT", "v=DMARC1; p=none; aspf=s; rua=mailto:d@example.com")
    [by_spf] = [one for one in checked().alignment if "SPF" in one.name]
    assert not by_spf.aligned
    assert "aspf=s" in by_spf.words
    [by_spf] = [one for one in checked("example.org").alignment if "SPF" in one.name]
    assert not by_spf.aligned
    assert "somebody else" in by_spf.words


def test_a_providers_return_path_must_lead_to_the_provider(
    checked: Check, domains: SenderDomains, connections: Connections, workspace: Principal, dns_server: DnsServer
) -> None:
    connections.add(workspace, "Relay", "smtp", {"host": "smtp.sendgrid.net"})
    assert record_of(checked(), Purpose.RETURN_PATH).record.host == ""
    domains.change(workspace, "example.com", return_path="em1")
    assert record_of(checked(), Purpose.RETURN_PATH).state is State.MISSING
    dns_server.set("em1.example.com", "CNAME", "u1.wl.sendgrid.net.")
    assert record_of(checked(), Purpose.RETURN_PATH).state is State.OK
    dns_server.set("em1.example.com", "CNAME", "sendgrid.net.example.org.")
    assert record_of(checked(), Purpose.RETURN_PATH).state is State.WRONG


@pytest.mark.parametrize(("address", "state"), [("8.8.8.8", State.OK), ("10.0.0.8", State.WRONG)])
def test_links_must_lead_somewhere_everybody_can_reach(checked: Check, dns_server: DnsServer, address: str, state: State) -> None:
    dns_server.set("links.example.com", "A", address)
    assert record_of(checked(), Purpose.TRACKING).state is state


def test_links_to_another_domain_work_but_are_mentioned(checked: Check, dns_server: DnsServer) -> None:
    dns_server.set("links.example.com", "A", "8.8.8.8")
    one = record_of(checked("example.org"), Purpose.TRACKING)
    assert one.state is State.OK
    assert "another domain" in said(one)


@pytest.mark.usefixtures("own_server")
@pytest.mark.parametrize("how", ["broken", "silent"])
def test_who_does_not_answer_is_never_called_wrong(checked: Check, dns_server: DnsServer, how: str) -> None:
    publish(dns_server, checked())
    names = {name for name, _ in dns_server.zone}
    getattr(dns_server, how).update(names)
    found = checked()
    assert set(verdicts(found).values()) == {State.UNKNOWN}
    assert found.verdict is Verdict.UNKNOWN
    assert "does not answer" in said(found.records[0])


@pytest.mark.usefixtures("own_server")
def test_what_a_key_signs_is_not_forgotten_while_the_dns_is_away(checked: Check, dns_server: DnsServer) -> None:
    publish(dns_server, checked())
    assert len(checked().signs_with) == 2
    dns_server.broken.update(name for name, _ in dns_server.zone)
    assert len(checked().signs_with) == 2


def test_a_dead_name_server_costs_a_bounded_time_and_is_asked_nothing_twice() -> None:
    look = Dns(dead_port(), question_seconds=0.1, look_seconds=0.3).look()
    for name in ("a.example", "a.example", "b.example", "c.example", "d.example", "e.example"):
        with pytest.raises(Unavailable, match="does not answer"):
            look.txt(name)


def test_each_question_is_asked_once_a_look_and_anew_in_the_next(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.set("example.com", "TXT", "one")
    look = dns.look()
    assert look.txt("example.com") == look.txt("example.com") == ("one",)
    assert dns_server.asked == [("example.com", "TXT")]
    dns_server.set("example.com", "TXT", "two")
    assert dns.look().txt("example.com") == ("two",)


def test_a_name_that_can_be_none_finds_nothing(dns: Dns) -> None:
    assert dns.look().txt(f"{'a' * 64}.example") == ()


def test_one_of_two_name_servers_is_enough(dns_server: DnsServer) -> None:
    dns_server.set("example.com", "TXT", "here")
    with serving() as other:
        other.broken.add("example.com")
        assert Dns(f"{other.address},{dns_server.address}", question_seconds=1).look().txt("example.com") == ("here",)


@pytest.mark.parametrize("text", ["dns.example.com", "9.9.9.9:port", "9.9.9.9:99999", "[::1", "9.9.9"])
def test_a_name_server_is_an_address(text: str) -> None:
    with pytest.raises(InvalidInput):
        name_servers(text)


def test_name_servers_are_listed_with_commas() -> None:
    assert name_servers(" 9.9.9.9, [::1]:5353 ,2620:fe::fe,127.0.0.1:53,") == [
        ("9.9.9.9", 53),
        ("::1", 5353),
        ("2620:fe::fe", 53),
        ("127.0.0.1", 53),
    ]
