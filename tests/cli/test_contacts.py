from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from tests.contacts.kits import exports


@pytest.fixture
def people(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("Mail,City\nann@example.com,Rome\nnot an address,Oslo\nbob@example.com,=1+1\n")
    return path


def test_import_counts_and_tells_why_rows_were_refused(cli: Cli, people: Path) -> None:
    said = cli("contacts", "import", people, "--list", "L", "--map", "Mail=email", "--map", "City=attribute.city", "--json")
    assert said.code == 0, said
    assert (said.facts["rows"], said.facts["created"], said.facts["refused"]) == (3, 2, 1)
    assert said.facts["refused_rows"][0]["line"] == 3
    words = cli("contacts", "import", people, "--list", "L", "--map", "Mail=email").out
    assert "1 refused" in words
    assert "WHY IT WAS REFUSED" in words


def test_the_refused_rows_are_written_where_asked(cli: Cli, people: Path, tmp_path: Path) -> None:
    refused = tmp_path / "refused.csv"
    said = cli("contacts", "import", people, "--list", "L", "--map", "Mail=email", "--refused", refused, "--json")
    assert (said.facts["import_id"], said.facts["refused_file"]) == (1, str(refused))
    (row,) = csv.DictReader(refused.read_text(encoding="utf-8-sig").splitlines())
    assert row["Mail"] == "not an address"
    fine = tmp_path / "fine.csv"
    fine.write_text("email\ncat@example.com\n")
    said = cli("contacts", "import", fine, "--list", "L", "--refused", tmp_path / "none.csv", "--json")
    assert said.facts["refused_file"] is None
    assert not (tmp_path / "none.csv").exists()
    assert cli("contacts", "import", fine, "--list", "L", "--refused", refused, "--dry-run").code == 2


def test_a_file_of_an_old_spreadsheet_is_read_in_its_encoding(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_bytes("email,first_name\nann@example.com,Zoë\n".encode("cp1252"))
    assert "cp1252" in cli("contacts", "import", path, "--list", "L", "--encoding", "latin").err
    assert cli("contacts", "import", path, "--list", "L", "--encoding", "utf-8").code == 1
    assert "Windows-1252" in cli("contacts", "import", path, "--list", "L").out
    assert cli("contacts", "import", path, "--list", "L", "--encoding", "cp1252").code == 0
    assert "Zoë" in cli("contacts", "export").out


def test_types_and_what_happens_to_known_contacts_are_chosen(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,joined,city\nann@example.com,03/04/2026,Rome\n")
    assert "several ways" in cli("contacts", "import", path, "--list", "L", "--type", "joined=date").err
    assert cli("contacts", "import", path, "--list", "L", "--type", "joined=date:DD/MM/YYYY").code == 0
    assert "2026-04-03" in cli("contacts", "export").out
    path.write_text("email,city\nann@example.com,Oslo\n")
    assert cli("contacts", "import", path, "--list", "L", "--existing", "fill", "--json").facts["unchanged"] == 1
    assert cli("contacts", "import", path, "--list", "L", "--existing", "skip", "--json").facts["unchanged"] == 1
    assert cli("contacts", "import", path, "--list", "L", "--json").facts["updated"] == 1
    assert cli("contacts", "import", path, "--list", "L", "--existing", "often").code == 2


def test_the_last_import_is_taken_back(cli: Cli, people: Path) -> None:
    assert cli("contacts", "import", "--undo").code == 1
    cli("contacts", "import", people, "--list", "L", "--map", "Mail=email")
    said = cli("contacts", "import", "--undo", "--json")
    assert (said.code, said.facts["removed"]) == (0, 2)
    assert cli("contacts", "export").out.count("@") == 0
    assert cli("contacts", "import", people, "--undo").code == 2
    assert cli("contacts", "import", people).code == 2


def test_a_packed_file_is_imported(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "people.csv.gz"
    path.write_bytes(gzip.compress(b"email\nann@example.com\n"))
    assert cli("contacts", "import", path, "--list", "L", "--json").facts["created"] == 1


def test_a_dry_run_changes_nothing(cli: Cli, people: Path) -> None:
    said = cli("contacts", "import", people, "--list", "L", "--map", "Mail=email", "--dry-run", "--json")
    assert (said.facts["created"], said.facts["dry_run"]) == (2, True)
    assert cli("contacts", "export").out.count("@") == 0


def test_export_gives_the_list_as_csv_without_formulas(cli: Cli, people: Path, tmp_path: Path) -> None:
    cli("contacts", "import", people, "--list", "L", "--map", "Mail=email", "--map", "City=attribute.city")
    rows = list(csv.DictReader(cli("contacts", "export", "--list", "L").out.splitlines()))
    assert [row["email"] for row in rows] == ["ann@example.com", "bob@example.com"]
    assert not any(value.startswith("=") for row in rows for value in row.values())
    said = cli("contacts", "export", "-o", tmp_path / "out.csv", "--json")
    assert said.facts["contacts"] == 2
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 3


def test_export_of_a_segment_gives_only_its_people(shop: Cli, tmp_path: Path) -> None:
    rules = tmp_path / "rules.json"
    rules.write_text('{"all": [{"field": "attribute.city", "operator": "equals", "value": "Rome"}]}')
    assert shop("segments", "create", "Romans", "--rules", rules).code == 0
    assert shop("contacts", "export", "--segment", "Romans").out.count("Rome") == 20


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("import", "nowhere.csv", "--list", "L"), 1),
        (("import", ".", "--list", "L"), 1),
        (("export", "--list", "None such"), 1),
        (("export", "--list", "A", "--segment", "B"), 2),
        (("export", "--json"), 2),
        (("export", "-o", "/proc/nowhere/out.csv"), 1),
    ],
)
def test_what_cant_be_done_is_said_in_one_line(cli: Cli, arguments: tuple[str, ...], code: int) -> None:
    said = cli("contacts", *arguments)
    assert said.code == code
    assert "Traceback" not in said.err


def test_a_mapping_that_is_none_is_a_usage_error(cli: Cli, people: Path) -> None:
    assert cli("contacts", "import", people, "--list", "L", "--map", "email").code == 2


def test_an_export_of_another_tool_says_itself_who_had_agreed(cli: Cli, tmp_path: Path) -> None:
    archive = tmp_path / "export.zip"
    archive.write_bytes(exports.mailchimp())
    said = cli("contacts", "import", archive, "--list", "L", "--from", "auto", "--dry-run")
    assert "This is an export of Mailchimp: 2 subscribed, 1 unsubscribed" in said.out
    assert "Nothing was changed." in said.out
    facts = cli("contacts", "import", archive, "--list", "L", "--from", "mailchimp", "--json").facts
    assert (facts["from"], facts["created"], facts["unsubscribed"], facts["suppressed"], facts["past_events"]) == ("mailchimp", 6, 2, 2, 3)
    assert cli("contacts", "import", archive, "--list", "L", "--from", "brevo").code == 1
    assert cli("contacts", "import", archive, "--list", "L", "--from", "auto", "--map", "a=email").code == 2
    undone = cli("contacts", "import", "--undo")
    assert "6 removed" in undone.out
    assert "suppressed addresses" in undone.out


def test_who_is_known_by_their_no_only_is_new_and_nobody_is_updated(cli: Cli, tmp_path: Path) -> None:
    gone = {"Email Address": "gone@example.com", "First Name": "x" * 300, "LEID": "1"}
    file = tmp_path / "unsubscribed.csv"
    file.write_bytes(exports.written(exports.MAILCHIMP_UNSUBSCRIBED, [gone]))
    said = cli("contacts", "import", file, "--list", "L", "--from", "mailchimp")
    assert "1 new, 0 updated, 0 unchanged, 1 refused" in said.out


def test_export_writes_each_format_with_the_columns_named(cli: Cli, people: Path, tmp_path: Path) -> None:
    cli("contacts", "import", people, "--list", "L", "--map", "Mail=email", "--map", "City=attribute.city")
    for form, mark in (("csv", b"city,email\r\nRome"), ("parquet", b"PAR1"), ("xlsx", b"PK")):
        file = tmp_path / f"people.{form}"
        said = cli("contacts", "export", "--format", form, "--columns", "city, email", "-o", file, "--json")
        assert said.facts["contacts"] == 2
        assert file.read_bytes().startswith(mark)
    assert cli("contacts", "export", "--format", "xlsx").code == 2
    assert "shoe_size" in cli("contacts", "export", "--columns", "shoe_size").err
