"""The file that says where links lead: whole or not at all, private, and written by several processes at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.links.snapshot import LinkSnapshot
from tests.support.full_disk import tiny_files

ROWS = {1: ("https://a.example/?x=1#ü", False), 2**32 - 1: ("http://b.example/", True)}


@pytest.fixture
def snapshot(tmp_path: Path) -> LinkSnapshot:
    return LinkSnapshot(tmp_path / "receiver" / "links.json")


def test_what_was_written_is_read(snapshot: LinkSnapshot) -> None:
    assert snapshot.read() == {}
    assert snapshot.write(ROWS, add=True)
    assert snapshot.read() == ROWS
    assert snapshot.write({3: ("https://c.example/", False)}, add=True)
    assert snapshot.read() == {**ROWS, 3: ("https://c.example/", False)}
    assert snapshot.write(ROWS, add=False)
    assert snapshot.read() == ROWS


def test_it_is_for_its_owner_only_and_nothing_else_is_left_behind(snapshot: LinkSnapshot, tmp_path: Path) -> None:
    snapshot.write(ROWS, add=True)
    folder = tmp_path / "receiver"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()} == {"links.json": 0o600, "links.lock": 0o600}


@given(place=st.integers(0), value=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_file_is_not_used(tmp_path_factory: pytest.TempPathFactory, place: int, value: int, cut: bool) -> None:
    path = tmp_path_factory.mktemp("snapshot") / "links.json"
    snapshot = LinkSnapshot(path)
    snapshot.write(ROWS, add=True)
    whole = path.read_bytes()
    place %= len(whole)
    damaged = whole[:place] + (b"" if cut else bytes([value]) + whole[place + 1 :])
    path.write_bytes(damaged)
    assert snapshot.read() == ({} if damaged != whole else ROWS)


def test_on_a_full_disk_the_old_file_stays(snapshot: LinkSnapshot, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    snapshot.write(ROWS, add=True)
    with tiny_files():
        assert not snapshot.write({3: ("https://c.example/", False)}, add=True)
        assert not snapshot.write({3: ("https://c.example/", False)}, add=True)
    assert snapshot.read() == ROWS
    assert sorted(path.name for path in (tmp_path / "receiver").iterdir()) == ["links.json", "links.lock"]
    assert caplog.text.count("can't be written") == 1


def test_where_no_folder_can_be_made_it_is_said_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    snapshot = LinkSnapshot(tmp_path / "file" / "links.json")
    assert not snapshot.write(ROWS, add=True)
    assert snapshot.read() == {}
    assert "can't be written" in caplog.text


def test_what_several_processes_learn_at_once_is_all_kept(snapshot: LinkSnapshot, tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from core.links.snapshot import LinkSnapshot
snapshot, first = LinkSnapshot(Path(sys.argv[1])), int(sys.argv[2])
for number in range(first, first + 40):
    assert snapshot.write({number: ("https://a.example/", False)}, add=True)
"""
    command = [sys.executable, "-c", program, str(tmp_path / "receiver" / "links.json")]
    running = [subprocess.Popen([*command, str(first)]) for first in (0, 100, 200)]
    assert [process.wait(timeout=60) for process in running] == [0, 0, 0]
    assert len(snapshot.read()) == 120
