from __future__ import annotations

from dataclasses import dataclass

import pyotp
import pytest
import sqlalchemy as sa

from core.accounts.passwords import verify
from core.accounts.roles import Roles
from core.accounts.tables import people
from core.accounts.workspaces import Workspaces
from core.app import build
from core.clock import SystemClock
from core.contacts.lists import Lists
from core.permissions import Permission, Principal
from core.settings import Settings
from core.storage.database import Database
from tests.cli.conftest import Cli

PASSWORD = "a long pass phrase\n"


@dataclass(frozen=True)
class Made:
    """What the workspace has of its own."""

    lists: list[int]
    role: str


@pytest.fixture
def made(cli: Cli, settings: Settings) -> Made:
    """The lists “News” and “Readers” and the role “Proofreader”."""
    database, clock = Database(settings.resolved_database_url), SystemClock()
    by = Principal.system(Workspaces(database, clock).by_name("Acme").id)
    found = [Lists(database, clock).create(by, name).id for name in ("News", "Readers")]
    role = Roles(database, clock).create(by, "Proofreader", {Permission.TEMPLATES_VIEW})
    database.close()
    return Made(found, role.key)


def test_the_first_user_makes_the_workspace_and_is_admin(bare_cli: Cli, settings: Settings) -> None:
    said = bare_cli("users", "add", "ada@example.com", "--role", "analyst", "--password-stdin", "--json", given=PASSWORD)
    assert said.code == 0, said
    assert (said.facts["workspace"], said.facts["user"]["role"]) == ("My workspace", "admin")
    assert "password" not in said.facts
    assert (settings.data_dir / "app.db").exists()


def test_without_a_password_one_is_made_up_and_shown_once(cli: Cli) -> None:
    said = cli("users", "add", "ada@example.com", "--json")
    assert len(said.facts["password"]) >= 16
    assert "password" not in cli("users", "list", "--json").out


def test_a_short_password_is_refused_and_nothing_is_made(bare_cli: Cli) -> None:
    said = bare_cli("users", "add", "ada@example.com", "--password-stdin", given="short\n")
    assert said.code == 1
    assert "12" in said.err


def test_an_empty_standard_input_is_a_usage_error(cli: Cli) -> None:
    assert cli("users", "add", "ada@example.com", "--password-stdin", given="").code == 2


def test_roles_change_and_people_are_disabled(cli: Cli) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    cli("users", "add", "ben@example.com", "--name", "Ben", "--role", "analyst", "--password-stdin", given=PASSWORD)
    assert cli("users", "set-role", "ben@example.com", "marketer", "--json").facts["user"]["role"] == "marketer"
    assert cli("users", "disable", "ben@example.com", "--json").facts["user"]["disabled_at"]
    people = cli("users", "list", "--json").facts["users"]
    assert [(one["email"], one["role"], one["disabled_at"] is None) for one in people] == [
        ("ada@example.com", "admin", True),
        ("ben@example.com", "marketer", False),
    ]
    assert "disabled" in cli("users", "list").out


def test_a_new_password_opens_the_account_and_the_old_one_does_not(cli: Cli, settings: Settings) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    said = cli("users", "set-password", "Ada@example.com", "--password-stdin", "--json", given="another long pass phrase\n")
    assert said.code == 0, said
    assert "password" not in said.facts
    database = Database(settings.resolved_database_url)
    with database.read() as connection:
        stored = connection.execute(sa.select(people.c.password_hash)).scalar_one()
    database.close()
    assert verify("another long pass phrase", stored)
    assert not verify(PASSWORD.strip(), stored)


def test_a_new_password_is_made_up_where_none_is_given(cli: Cli) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    assert len(cli("users", "set-password", "ada@example.com", "--json").facts["password"]) >= 16
    assert cli("users", "set-password", "ada@example.com", "--password-stdin", given="short\n").code == 1
    assert cli("users", "set-password", "nobody@example.com", "--json").code == 1


def test_a_lost_second_factor_is_turned_off(cli: Cli, settings: Settings) -> None:
    person_id = cli("users", "add", "ada@example.com", "--password-stdin", "--json", given=PASSWORD).facts["user"]["id"]
    services = build(settings)
    by = services.people.principal(person_id, 1)
    services.two_factor.confirm(by, pyotp.TOTP(services.two_factor.begin(by).secret).at(services.clock.now()))
    assert services.two_factor.is_on(person_id)
    assert "password alone" in cli("users", "reset-two-factor", "Ada@example.com").out
    assert not services.two_factor.is_on(person_id)
    services.close()
    assert cli("users", "reset-two-factor", "nobody@example.com").code == 1


def test_a_password_made_of_the_address_is_refused_before_anything_is_made(bare_cli: Cli) -> None:
    said = bare_cli("users", "add", "lovelace@aurora.example", "--password-stdin", given="lovelace aurora\n")
    assert said.code == 1
    assert "your name, your address" in said.err
    assert "lovelace aurora" not in said.out + said.err


def test_the_last_admin_stays(cli: Cli) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    assert cli("users", "disable", "ada@example.com").code == 1


def test_somebody_unknown_is_said_to_be_unknown(cli: Cli) -> None:
    said = cli("users", "disable", "nobody@example.com")
    assert said.code == 1
    assert "users list" in said.err


def test_an_invitation_is_printed_with_its_link(cli: Cli, settings: Settings) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    said = cli("users", "invite", "grace@example.com", "--role", "Analyst", "--json")
    assert said.code == 0, said
    assert said.facts["link"].startswith(f"{settings.app_url}/?invitation=")
    assert (said.facts["mailed"], said.facts["invitation"]["role"], said.facts["invitation"]["lists"]) == (True, "analyst", None)
    again = cli("users", "invite", "grace@example.com")
    assert again.code == 1
    assert "open invitation" in again.err


def test_an_invitation_is_limited_to_lists_that_are_there(cli: Cli, made: Made) -> None:
    said = cli("users", "invite", "grace@example.com", "--list", "News", "--list", "Readers", "--json")
    assert said.code == 0, said
    assert sorted(said.facts["invitation"]["lists"]) == sorted(made.lists)
    assert cli("users", "invite", "hedy@example.com", "--list", "Nowhere").code == 1
    assert cli("users", "invite", "hedy@example.com", "--role", "nobody").code == 1


def test_a_role_of_ones_own_is_given_by_its_name_or_its_key(cli: Cli, made: Made) -> None:
    cli("users", "add", "ada@example.com", "--password-stdin", given=PASSWORD)
    said = cli("users", "add", "ben@example.com", "--role", "proofreader", "--password-stdin", "--json", given=PASSWORD)
    assert said.code == 0, said
    assert (said.facts["user"]["role"], said.facts["user"]["role_name"]) == (made.role, "Proofreader")
    assert cli("users", "set-role", "ben@example.com", "analyst", "--json").facts["user"]["role"] == "analyst"
    assert cli("users", "set-role", "ben@example.com", made.role, "--json").facts["user"]["role"] == made.role
    assert "Proofreader" in cli("users", "list").out
    refused = cli("users", "set-role", "ben@example.com", "owner")
    assert refused.code == 1
    assert "Admin, Marketer, Analyst, Proofreader" in refused.err
