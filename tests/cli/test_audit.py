from __future__ import annotations

import csv
import io
import json

import pytest
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import INSTALLATION, record
from core.audit.seals import Seals
from core.clock import FrozenClock, SystemClock
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from tests.audit.conftest import without_triggers
from tests.cli.conftest import Cli, Said


@pytest.fixture
def database(settings: Settings):
    opened = Database(settings.resolved_database_url)
    yield opened
    opened.close()


def finding(said: Said) -> tuple[str, str]:
    return next((one["level"], one["words"]) for one in said.facts["findings"] if one["check"] == "audit log")


def test_what_was_done_is_listed_newest_first(shop: Cli) -> None:
    lines = [json.loads(line) for line in shop("audit", "list").out.splitlines()]
    assert [one["action"] for one in lines] == ["template.saved", "contacts.imported"]
    assert {one["actor_name"] for one in lines} == {"Command line"}
    assert lines[1]["after"]["created"] == 40


def test_a_list_is_narrowed_down(shop: Cli) -> None:
    assert len(shop("audit", "list", "--action", "template", "--json").facts["entries"]) == 1
    assert len(shop("audit", "list", "--action", "contacts.imported", "--actor", "cli").out.splitlines()) == 1
    assert shop("audit", "list", "--actor", "person:7", "--json").facts["entries"] == []
    assert shop("audit", "list", "--since", "2999-01-01T00:00:00Z", "--json").facts["entries"] == []


def test_what_makes_no_sense_is_refused(shop: Cli) -> None:
    assert shop("audit", "list", "--action", "nonsense").code == 1
    assert shop("audit", "list", "--since", "yesterday").code == 2
    assert shop("audit", "list", "--installation", "--workspace", "Acme").code == 2


def test_a_csv_is_an_export_and_on_record(shop: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(shop("audit", "list", "--format", "csv").out)))
    assert [row["action"] for row in rows] == ["audit.exported", "template.saved", "contacts.imported"]
    assert len(shop("audit", "list", "--json").facts["entries"]) == 3


def test_the_installations_own_log_is_shown_apart(shop: Cli, database: Database) -> None:
    with database.transaction() as connection:
        record(connection, SystemClock().now(), Principal.system(INSTALLATION, "visitor"), AuditAction.SIGN_IN_FAILED, "")
    (entry,) = shop("audit", "list", "--installation", "--json").facts["entries"]
    assert entry["action"] == "sign_in.failed"


def test_a_whole_log_is_verified_and_its_ends_are_told(shop: Cli) -> None:
    said = shop("audit", "verify", "--json")
    assert (said.code, said.facts["entries"], said.facts["flaws"], said.facts["unsealed"]) == (0, 2, [], 2)
    assert [(end["sequence"], len(end["hash"])) for end in said.facts["ends"]] == [(2, 64)]
    assert "2 entries in 1 chain, unbroken." in shop("audit", "verify").out


def test_a_changed_entry_fails_verification_and_the_doctor(shop: Cli, database: Database) -> None:
    without_triggers(database)
    with database.transaction() as connection:
        connection.execute(sa.text("update audit_log set actor = 'person:99' where sequence = 1"))
    said = shop("audit", "verify")
    assert said.code == 1
    assert "entry 1 was changed after it was written" in said.out
    doctor = shop("doctor", "--json")
    assert (doctor.code, finding(doctor)[0]) == (1, "fail")
    assert "entry 1 was changed" in finding(doctor)[1]


def test_the_doctor_tells_of_a_whole_log(shop: Cli) -> None:
    assert finding(shop("doctor", "--json")) == ("ok", "2 entries in 1 chain, unbroken")


def test_the_doctor_warns_of_what_nobody_seals(shop: Cli, database: Database) -> None:
    long_ago = FrozenClock(SystemClock().now().replace(year=2025))
    with database.transaction() as connection:
        record(connection, long_ago.now(), Principal.system(1, "cli"), AuditAction.LIST_CREATED, "list:1")
    level, words = finding(shop("doctor", "--json"))
    assert level == "warn"
    assert "Not sealed yet: 3" in words
    Seals(database, SystemClock(), b"a-key-for-tests-only").seal()
    level, words = finding(shop("doctor", "--json"))
    assert level == "warn"
    assert "Sealed over a day late: 3" in words
    assert "Not sealed" not in words


def test_the_doctor_makes_no_key(shop: Cli, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTWRIGHT_SECRET_KEY")
    level, words = finding(shop("doctor", "--json"))
    assert (level, "seals were not checked" in words) == ("warn", True)
    assert not (settings.data_dir / "secret.key").exists()


def test_people_are_asked_for_by_their_address(shop: Cli) -> None:
    shop("users", "add", "ada@example.com", "--role", "admin", "--password-stdin", given="a long pass phrase\n")
    assert shop("audit", "list", "--actor", "ada@example.com", "--json").facts["entries"] == []
    assert shop("audit", "list", "--actor", "eve@example.com").code == 1
