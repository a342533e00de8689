"""SPF records as receivers read them."""

from __future__ import annotations

import pytest

from core.deliverability import spf
from core.deliverability.dns import Dns
from core.deliverability.spf import SpfReading
from tests.support.dns_server import DnsServer


def read(dns: Dns, server: DnsServer, record: str) -> SpfReading:
    server.set("example.com", "TXT", record)
    return spf.read(dns.look(), "example.com")


def test_lookups_are_counted_through_everything_it_includes(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.set("_spf.one.net", "TXT", "v=spf1 include:_spf.two.net a:host.one.net ~all")
    dns_server.set("_spf.two.net", "TXT", "v=spf1 ip4:192.0.2.0/24 -all")
    dns_server.set("host.one.net", "A", "198.51.100.7")
    found = read(dns, dns_server, "v=spf1 ip6:2001:db8::/32 include:_spf.one.net mx ~all")
    assert (found.lookups, found.void, found.broken, found.ending) == (4, 1, "", "~all")
    assert found.allows("include:_spf.two.net")
    assert found.allows("ip4:192.0.2.9", ("192.0.2.9",))
    assert found.allows("x", ("198.51.100.7", "2001:db8::1"))
    assert not found.allows("x", ("198.51.100.8",))
    assert not found.allows("x", ())


@pytest.mark.parametrize("qualifier", ["-", "~", "?"])
def test_what_is_in_a_record_that_is_included_to_be_kept_out_may_not_send(dns: Dns, dns_server: DnsServer, qualifier: str) -> None:
    dns_server.set("_spf.one.net", "TXT", "v=spf1 include:_spf.two.net ip4:192.0.2.1 a:host.one.net -all")
    dns_server.set("_spf.two.net", "TXT", "v=spf1 redirect=_spf.three.net")
    dns_server.set("_spf.three.net", "TXT", "v=spf1 ip4:198.51.100.0/24 -all")
    dns_server.set("host.one.net", "A", "203.0.113.7")
    found = read(dns, dns_server, f"v=spf1 {qualifier}include:_spf.one.net ip4:192.0.2.9 ~all")
    assert (found.lookups, found.broken) == (4, "")
    assert (found.mechanisms, [str(one) for one in found.networks]) == ({"ip4:192.0.2.9"}, ["192.0.2.9/32"])


def test_a_name_means_the_same_with_a_dot_at_its_end(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.set("_spf.one.net", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    record = "v=spf1 include:_SPF.one.net. ~all"
    found = read(dns, dns_server, record)
    assert found.allows("include:_spf.one.net")
    assert found.allows("include:_spf.one.net.")
    assert spf.merged(record, ["include:_spf.one.net"]) == record


def test_a_redirect_speaks_for_the_domain(dns: Dns, dns_server: DnsServer) -> None:
    dns_server.set("_spf.example.net", "TXT", "v=spf1 ip4:192.0.2.1 -all")
    found = read(dns, dns_server, "v=spf1 redirect=_spf.example.net")
    assert (found.lookups, found.ending, found.broken) == (1, "-all", "")
    assert found.allows("ip4:192.0.2.1")


def test_what_includes_ten_more_is_too_much_and_is_not_followed_for_ever(dns: Dns, dns_server: DnsServer) -> None:
    for number in range(100):
        dns_server.set(f"s{number}.net", "TXT", f"v=spf1 include:s{number + 1}.net -all")
    found = read(dns, dns_server, "v=spf1 include:s0.net -all")
    assert spf.MOST_LOOKUPS < found.lookups < 40


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ("v=spf1 include:nothing.net ~all", "nothing.net, which has no SPF record"),
        ("v=spf1 include:example.com ~all", "includes itself"),
        ("v=spf1 include:twice.net ~all", "2 SPF records"),
        ("v=spf1 ipv4:192.0.2.1 ~all", "ipv4:192.0.2.1"),
        ("v=spf1 ip4:192.0.2.300 ~all", "names no network"),
        ("v=spf1 include: ~all", "include:"),
        ("v=spf1 redirect=nothing.net", "no SPF record"),
        ("v=spf1 a:b.net/33 ~all", ""),
    ],
)
def test_what_makes_receivers_ignore_it_is_named(dns: Dns, dns_server: DnsServer, record: str, why: str) -> None:
    dns_server.zone["twice.net", "TXT"] = ['"v=spf1 -all"', '"v=spf1 ~all"']
    found = read(dns, dns_server, record)
    assert why in found.broken
    assert bool(why) == bool(found.broken)


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 exists:%{i}.spf.example.net -all",
        "v=spf1 ptr ?all",
        "V=SPF1 +MX A/24 -ALL exp=why.example.com",
        "v=spf1",
        "v=spf1 a//64 mx/28//120 -all",
    ],
)
def test_what_is_rare_but_right_is_no_fault(dns: Dns, dns_server: DnsServer, record: str) -> None:
    assert read(dns, dns_server, record).broken == ""


def test_what_comes_after_all_does_not_count(dns: Dns, dns_server: DnsServer) -> None:
    found = read(dns, dns_server, "v=spf1 -all include:sendgrid.net")
    assert not found.allows("include:sendgrid.net")
    assert found.ending == "-all"


def test_what_is_forbidden_is_not_allowed(dns: Dns, dns_server: DnsServer) -> None:
    assert not read(dns, dns_server, "v=spf1 -include:sendgrid.net ~all").allows("include:sendgrid.net")


@pytest.mark.parametrize(
    ("record", "whole"),
    [
        ("v=spf1 mx ~all", "v=spf1 mx include:a.net ip4:192.0.2.1 ~all"),
        ("v=spf1 ip4:192.0.2.1 redirect=x.net", "v=spf1 ip4:192.0.2.1 include:a.net redirect=x.net"),
        ("v=spf1", "v=spf1 include:a.net ip4:192.0.2.1"),
    ],
)
def test_what_is_lacking_goes_in_front_of_the_end(record: str, whole: str) -> None:
    assert spf.merged(record, ["include:a.net", "ip4:192.0.2.1"]) == whole
