from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

PASSWORD = "a long pass phrase\n"


@pytest.fixture
def with_people(cli: Cli) -> Cli:
    cli("users", "add", "ada@example.com", "--name", "Ada", "--password-stdin", "--role", "admin", given=PASSWORD)
    cli("users", "add", "ben@example.com", "--name", "Ben", "--password-stdin", "--role", "analyst", given=PASSWORD)
    return cli


def test_a_token_is_made_listed_and_revoked(with_people: Cli) -> None:
    said = with_people("tokens", "create", "Shop", "--scope", "contacts.view", "--scope", "contacts.edit", "--days", "30", "--json")
    assert said.code == 0, said
    assert said.facts["token"].startswith(f"pw_{said.facts['id']}_")
    assert (said.facts["person_name"], said.facts["scopes"]) == ("Ada", ["contacts.edit", "contacts.view"])
    [listed] = with_people("tokens", "list", "--json").facts["tokens"]
    assert listed["name"] == "Shop" and listed["expires_at"]
    assert "token" not in listed
    assert with_people("tokens", "revoke", str(said.facts["id"]), "--json").code == 0
    assert with_people("tokens", "list", "--json").facts["tokens"] == []


def test_quiet_prints_the_token_alone_for_a_variable(with_people: Cli) -> None:
    said = with_people("tokens", "create", "Shop", "--scope", "all", "--quiet")
    assert said.out.startswith("pw_1_") and len(said.out.split()) == 1


def test_people_are_told_how_to_try_it(with_people: Cli) -> None:
    said = with_people("tokens", "create", "Shop", "--scope", "contacts.view")
    assert 'curl -H "Authorization: Bearer pw_1_' in said.out


def test_it_acts_for_whom_it_is_told_to(with_people: Cli) -> None:
    refused = with_people("tokens", "create", "Shop", "--scope", "contacts.view", "--as", "ben@example.com")
    assert refused.code == 1
    assert "tokens.manage" in refused.err
    assert with_people("tokens", "create", "Shop", "--scope", "contacts.view", "--as", "ADA@example.com").code == 0
    assert with_people("tokens", "create", "Shop", "--scope", "contacts.view", "--as", "eve@example.com").code == 1


def test_what_cant_be_understood_is_a_usage_error(with_people: Cli) -> None:
    assert with_people("tokens", "create", "Shop").code == 2
    said = with_people("tokens", "create", "Shop", "--scope", "magic")
    assert said.code == 2
    assert "contacts.view" in said.err
    assert with_people("tokens", "create", "Shop", "--scope", "account.manage").code == 2
    assert with_people("tokens", "revoke", "99").code == 1


def test_without_an_admin_there_is_nobody_to_act_for(cli: Cli) -> None:
    said = cli("tokens", "create", "Shop", "--scope", "all")
    assert said.code == 1
    assert "no admin" in said.err


def test_the_audit_log_names_the_command_line_as_who_made_it(with_people: Cli) -> None:
    with_people("tokens", "create", "Shop", "--scope", "contacts.view", "--as", "ada@example.com")
    [entry] = with_people("audit", "list", "--action", "token.created", "--json").facts["entries"]
    assert entry["actor"] == "cli"
