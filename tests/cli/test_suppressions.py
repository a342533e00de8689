"""`postwright suppressions` and `postwright lists`."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import Cli


def test_addresses_are_suppressed_one_by_one_and_by_file(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "old.csv"
    file.write_text("email,why\nann@example.com,x\nnot an address,y\nbob@example.com,z\n")
    said = cli("suppressions", "add", "--file", file, "--source", "old tool", "--json")
    assert (said.code, said.facts["added"], said.facts["refused"]) == (0, 2, 1)
    assert cli("suppressions", "add", "eve@example.com", "--everywhere", "--json").facts["added"] == 1
    assert cli("suppressions", "show", "eve@example.com", "--json").facts["everywhere"] is True
    assert "old tool" in cli("suppressions", "show", "ann@example.com").out
    out = tmp_path / "out.csv"
    assert cli("suppressions", "export", "-o", out, "--json").facts["addresses"] == 2
    assert cli("suppressions", "remove", "ann@example.com").code == 0
    assert cli("suppressions", "remove", "eve@example.com", "--everywhere").code == 0
    assert cli("suppressions", "show", "eve@example.com", "--json").facts["suppressed"] is False
    assert cli("suppressions", "remove", "ann@example.com").code == 1
    assert cli("suppressions", "add").code == 2


def test_a_list_says_whether_it_asks_first(cli: Cli, tmp_path: Path) -> None:
    people = tmp_path / "people.csv"
    people.write_text("email\nann@example.com\n")
    cli("contacts", "import", people, "--list", "News")
    assert cli("lists", "double-opt-in", "News", "on", "--from", "news@example.com").code == 0
    assert cli("lists", "list", "--json").facts["lists"][0]["double_opt_in"] is True
    assert "asks first" in cli("lists", "list").out
    assert cli("lists", "double-opt-in", "News", "maybe").code == 2
