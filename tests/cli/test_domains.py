"""`postwright domains`: added, checked against a name server, given new keys, removed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import Cli
from tests.support.dns_server import DnsServer, serving


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[DnsServer]:
    with serving() as server:
        monkeypatch.setenv("POSTWRIGHT_DNS_SERVERS", server.address)
        monkeypatch.setenv("POSTWRIGHT_PUBLIC_URL", "https://links.example.com")
        yield server


def publish(server: DnsServer, domain: dict) -> None:
    for one in domain["records"]:
        if one["type"] == "TXT":
            server.set(one["host"], "TXT", one["value"])
    server.set("links.example.com", "A", "8.8.8.8")
    for name in ("example.com", "bounces.example.com"):
        server.set(name, "MX", "10 links.example.com.")


def test_a_domain_from_its_first_record_to_its_last(cli: Cli, server: DnsServer) -> None:
    assert (
        cli(
            "providers", "add", "Ours", "--kind", "smtp", "--set", "host=links.example.com", "--set", "return_path=b@bounces.example.com"
        ).code
        == 0
    )
    said = cli("domains", "add", "Example.com", "--json")
    assert said.code == 0, said
    domain = said.facts["domain"]
    assert (domain["domain"], domain["verdict"]) == ("example.com", "unchecked")
    assert said.facts["zone"].count("_domainkey.example.com.") == 2

    said = cli("domains", "check", "example.com", "--json")
    assert (said.code, said.facts["ok"], said.facts["domain"]["verdict"]) == (1, False, "not_ready")

    publish(server, domain)
    said = cli("domains", "check", "example.com", "--json")
    assert said.code == 0, said.out
    assert len(said.facts["domain"]["signs_with"]) == 2
    assert {one["state"] for one in said.facts["domain"]["records"]} == {"ok"}
    assert [one["aligned"] for one in said.facts["domain"]["alignment"]] == [True, True]

    assert cli("domains", "rotate", "example.com", "--json").facts["domain"]["signs_with"] == said.facts["domain"]["signs_with"]
    [listed] = cli("domains", "list", "--json").facts["domains"]
    assert listed["checked_at"]
    assert cli("domains", "remove", "example.com", "--json").facts == {"ok": True}
    assert cli("domains", "list", "--json").facts["domains"] == []


def test_people_read_what_is_open_and_what_to_do(cli: Cli, server: DnsServer) -> None:
    assert "_dmarc.example.com." in cli("domains", "add", "example.com").out
    said = cli("domains", "check", "example.com")
    assert said.code == 1
    assert "There is no DMARC record. Add the record as it stands here." in said.out
    assert "unchecked" not in cli("domains", "list").out


@pytest.mark.parametrize("arguments", [("add", "co.uk"), ("add", "ada@example.com"), ("check", "example.org"), ("remove", "example.org")])
def test_what_cannot_be_is_told(cli: Cli, server: DnsServer, arguments: tuple[str, str]) -> None:
    said = cli("domains", *arguments, "--json")
    assert said.code == 1
    assert said.facts["error"]
    assert said.facts["hint"]
