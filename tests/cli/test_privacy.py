"""`postwright privacy`."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from core.app import build
from core.permissions import Principal
from core.privacy.due import RequestKind
from core.settings import Settings
from tests.cli.conftest import Cli

ADA = "ada@example.com"


def with_ada(settings: Settings) -> int:
    services = build(settings)
    by = Principal.system(services.workspaces.by_name("Acme").id)
    services.contacts.save(by, ADA, first_name="Ada")
    request = services.privacy_requests.open(by, ADA, RequestKind.ERASURE)
    services.close()
    return request.id


def test_all_about_a_person_is_written(cli: Cli, settings: Settings, tmp_path: Path) -> None:
    request_id = with_ada(settings)
    said = cli("privacy", "export", "Ada@Example.com", "-o", tmp_path / "ada.zip", "--request", str(request_id), "--json")
    assert (said.code, said.facts["counts"]) == (0, {"profile": 1, "consent": 1, "privacy_requests": 1})
    assert "profile.json" in ZipFile(tmp_path / "ada.zip").namelist()
    said = cli("privacy", "export", "nobody@example.com", "-o", tmp_path / "nobody.zip")
    assert said.code == 1 and "Nothing is known" in said.err


def test_erasing_says_what_goes_and_wants_a_yes(cli: Cli, settings: Settings) -> None:
    request_id = with_ada(settings)
    said = cli("privacy", "erase", ADA)
    assert said.code == 0 and "Nothing was changed" in said.out and "Their profile" in said.out
    assert ADA in cli("privacy", "requests").out
    said = cli("privacy", "erase", ADA, "--yes", "--request", str(request_id), "--json")
    assert (said.code, said.facts["done"]) == (0, True)
    assert cli("privacy", "requests", "--json").facts["total"] == 0
    [closed] = cli("privacy", "requests", "--closed", "--json").facts["requests"]
    assert (closed["state"], closed["email"]) == ("done", "")
    assert ADA not in cli("contacts", "export").out
