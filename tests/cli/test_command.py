"""What every command keeps: exit codes, one JSON object, plain words."""

from __future__ import annotations

import json

import pytest

from core.settings import Settings
from tests.cli.conftest import Cli

NOUNS = (
    "up", "doctor", "demo", "migrate", "users", "contacts", "templates", "segments", "campaigns", "messages", "events", "providers",
    "outbox", "app", "receiver", "worker", "ingester",
)  # fmt: skip


def test_help_names_every_command(bare_cli: Cli) -> None:
    said = bare_cli("--help")
    assert said.code == 0
    assert all(f" {noun} " in said.out for noun in NOUNS)
    assert "backup" not in said.out


@pytest.mark.parametrize("arguments", [("users", "list"), ("doctor",), ("campaigns", "send"), ("up",)])
def test_every_command_offers_json_and_a_workspace(bare_cli: Cli, arguments: tuple[str, ...]) -> None:
    said = bare_cli(*arguments, "--help")
    assert "--json" in said.out
    assert "--workspace" in said.out


def test_an_empty_folder_is_not_filled_silently(bare_cli: Cli, settings: Settings) -> None:
    said = bare_cli("users", "list")
    assert said.code == 1
    assert "postwright up" in said.err
    assert "users add" in said.err
    assert not (settings.data_dir / "app.db").exists()


def test_without_a_workspace_the_way_to_one_is_told(bare_cli: Cli) -> None:
    assert bare_cli("migrate").code == 0
    said = bare_cli("users", "list", "--json")
    assert said.code == 1
    assert said.facts["ok"] is False
    assert "users add" in said.facts["hint"]


def test_errors_are_one_line_on_stderr(cli: Cli) -> None:
    said = cli("outbox", "show", "nothing")
    assert (said.code, said.out) == (1, "")
    assert said.err.count("\n") == 1


def test_errors_are_one_object_with_json(cli: Cli) -> None:
    said = cli("outbox", "show", "nothing", "--json")
    assert said.code == 1
    assert set(said.facts) == {"ok", "error", "hint"}


def test_usage_errors_exit_with_2(cli: Cli) -> None:
    assert cli("contacts", "import").code == 2
    assert cli("nonsense").code == 2
    assert (
        cli("campaigns", "create", "--name", "N", "--subject", "S", "--template", "T", "--to", "Readers", "--from", "a@example.com").code
        == 2
    )


@pytest.mark.parametrize("arguments", [("contacts", "import"), ("campaigns", "send", "x"), ("nonsense",), ("events", "export")])
def test_usage_errors_are_one_object_with_json(cli: Cli, arguments: tuple[str, ...]) -> None:
    said = cli(*arguments, "--json")
    assert said.code == 2
    assert said.facts["ok"] is False


@pytest.mark.parametrize(
    "arguments",
    [
        ("templates", "list", "--search", "caf\udce9"),
        ("templates", "check", "caf\udce9"),
        ("seeds", "add", "me@example.com", "--label", "caf\udce9"),
        ("campaigns", "test", "1", "--to", "me@example.com", "--to", "caf\udce9"),
        ("users", "list", "--workspace", "caf\udce9"),
        ("campaigns", "test", "9" * 20, "--seeds"),
    ],
)
def test_what_no_database_can_be_asked_for_is_refused_in_words(cli: Cli, arguments: tuple[str, ...]) -> None:
    """A terminal that is not set to UTF-8 gives bytes that Python passes on as lone surrogates."""
    said = cli(*arguments)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1), said


@pytest.mark.parametrize("name", ["9" * 20, "\N{SUPERSCRIPT TWO}"])
def test_what_looks_like_a_number_and_is_none_is_a_name_nobody_has(cli: Cli, name: str) -> None:
    said = cli("templates", "check", name)
    assert (said.code, said.err.count("\n")) == (1, 1), said


def test_an_unknown_workspace_is_refused(cli: Cli) -> None:
    said = cli("users", "list", "--workspace", "Nowhere")
    assert said.code == 1
    assert "workspace" in said.err


def test_an_old_database_is_not_worked_on(bare_cli: Cli, settings: Settings) -> None:
    (settings.data_dir / "app.db").touch()
    said = bare_cli("users", "list")
    assert said.code == 1
    assert "postwright migrate" in said.err


def test_a_setting_that_cant_be_used_is_named(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_PUBLIC_URL", "mail.example.com")
    said = bare_cli("users", "list")
    assert said.code == 1
    assert "POSTWRIGHT_PUBLIC_URL" in said.err


def test_migrate_says_so_in_json(bare_cli: Cli) -> None:
    said = bare_cli("migrate", "--json")
    assert said.code == 0
    assert json.loads(said.out) == {"ok": True}
