from __future__ import annotations

import socket
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.cli.running import UpLock
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import journal_offsets
from tests.cli.conftest import Cli, Said


def level(said: Said, check: str) -> str:
    return next(finding["level"] for finding in said.facts["findings"] if finding["check"] == check)


def test_a_fresh_folder_is_not_broken_and_nothing_is_made(bare_cli: Cli, settings: Settings) -> None:
    said = bare_cli("doctor", "--json")
    assert (said.code, said.facts["broken"], level(said, "database")) == (0, 0, "warn")
    assert list(settings.data_dir.iterdir()) == []


def test_everything_well_is_said_line_by_line(cli: Cli) -> None:
    said = cli("doctor")
    assert said.code == 0
    assert "ok    database: sqlite, up to date" in said.out
    assert said.out.rstrip().endswith("Nothing is broken.")


def test_a_key_that_others_can_read_is_broken(cli: Cli, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTWRIGHT_SECRET_KEY")
    key = settings.data_dir / "secret.key"
    key.write_text("k" * 40)
    key.chmod(0o644)
    said = cli("doctor", "--json")
    assert (said.code, level(said, "secret key")) == (1, "fail")
    key.chmod(0o600)
    assert level(cli("doctor", "--json"), "secret key") == "ok"


def test_a_missing_file_of_the_lake_is_broken(shop: Cli, settings: Settings) -> None:
    shop("campaigns", "create", "--name", "N", "--subject", "S", "--template", "News", "--from", "a@example.com", "--to", "list:Readers")
    shop("campaigns", "send", "1", "--wait")
    assert level(shop("doctor", "--json"), "lake") == "ok"
    next(settings.lake_dir.rglob("events/**/*.parquet")).unlink()
    assert level(shop("doctor", "--json"), "lake") == "fail"


def test_torn_lines_are_told(cli: Cli, settings: Settings) -> None:
    database = Database(settings.resolved_database_url)
    from core.clock import SystemClock

    with database.transaction() as connection:
        row = {"file": "receiver-1-a.jsonl", "offset": 100, "torn_bytes": 7, "updated_at": SystemClock().now()}
        connection.execute(sa.insert(journal_offsets).values(row))
    database.close()
    said = cli("doctor", "--json")
    assert (said.code, level(said, "journal")) == (0, "warn")
    assert "7 bytes" in said.out


def test_a_database_that_is_none_is_broken(bare_cli: Cli, settings: Settings) -> None:
    (settings.data_dir / "app.db").write_bytes(b"this is no database, and long enough to be sure of that" * 20)
    said = bare_cli("doctor", "--json")
    assert (said.code, level(said, "database")) == (1, "fail")


def test_servers_that_should_answer_and_dont_are_broken(cli: Cli, settings: Settings) -> None:
    lock = UpLock(settings)
    lock.take("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9")
    assert level(cli("doctor", "--json"), "servers") == "fail"
    lock.release()


def test_a_port_somebody_else_has_is_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("POSTWRIGHT_APP_URL", f"http://127.0.0.1:{other.getsockname()[1]}")
        assert str(other.getsockname()[1]) in cli("doctor").out


@pytest.mark.parametrize(("url", "expected"), [("http://mail.example.com", "warn"), ("https://mail.example.com", "ok")])
def test_the_public_url_is_judged(cli: Cli, monkeypatch: pytest.MonkeyPatch, url: str, expected: str) -> None:
    monkeypatch.setenv("POSTWRIGHT_PUBLIC_URL", url)
    assert level(cli("doctor", "--json"), "public URL") == expected


def test_a_folder_that_cant_be_written_is_broken(bare_cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTWRIGHT_DATA_DIR", "/proc/self")
    said = bare_cli("doctor", "--json")
    assert (said.code, level(said, "data folder")) == (1, "fail")
    assert not Path("/proc/self/app.db").exists()


def test_a_place_for_pictures_that_cant_be_written_is_broken(cli: Cli, settings: Settings) -> None:
    assert level(cli("doctor", "--json"), "pictures") == "ok"
    settings.pictures_dir.write_text("A file stands where the folder should be.")
    said = cli("doctor", "--json")
    assert (said.code, level(said, "pictures")) == (1, "fail")
