"""The journal keeps what it was given: across kills, torn lines, rotation and a full disk."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import StorageFull
from core.storage.journal import JournalReader, JournalWriter
from tests.support.full_disk import tiny_files
from tests.support.waiting import wait_for


def everything(folder: Path) -> list[dict[str, object] | None]:
    reader = JournalReader(folder)
    return [record for path in reader.files() for _, record in reader.read(path.name, 0).records]


def test_records_come_back_in_order(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}, {"n": 2}])
    writer.append([{"n": 3}], durable=True)
    writer.close()
    assert everything(tmp_path) == [{"n": 1}, {"n": 2}, {"n": 3}]


@given(texts=st.lists(st.text(max_size=40), max_size=20))
def test_any_text_survives(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    folder = tmp_path_factory.mktemp("journal")
    writer = JournalWriter(folder, "receiver")
    clean = [text.encode("utf-8", "ignore").decode() for text in texts]
    writer.append([{"text": text} for text in clean])
    writer.close()
    assert everything(folder) == [{"text": text} for text in clean]


def test_reading_goes_on_where_it_stopped(tmp_path: Path) -> None:
    writer, reader = JournalWriter(tmp_path, "receiver"), JournalReader(tmp_path)
    writer.append([{"n": 1}])
    name = reader.files()[0].name
    first = reader.read(name, 0)
    writer.append([{"n": 2}])
    second = reader.read(name, first.next_offset)
    assert [record for _, record in second.records] == [{"n": 2}]
    assert not second.finished
    writer.close()
    assert reader.read(name, second.next_offset).finished


def test_a_slice_ends_at_a_whole_line_however_small_the_limit(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"text": "x" * 500}, {"text": "y"}])
    writer.close()
    name = JournalReader(tmp_path).files()[0].name
    first = JournalReader(tmp_path).read(name, 0, max_bytes=10)
    assert [record for _, record in first.records] == [{"text": "x" * 500}]
    assert not first.finished
    rest = JournalReader(tmp_path).read(name, first.next_offset, max_bytes=10_000)
    assert [record for _, record in rest.records] == [{"text": "y"}]


def test_a_torn_last_line_is_left_out_and_reported(tmp_path: Path) -> None:
    path = tmp_path / "receiver-1-abc.jsonl"
    path.write_bytes(b'{"n":1}\n{"n":2,"tor')
    piece = JournalReader(tmp_path).read(path.name, 0)
    assert [record for _, record in piece.records] == [{"n": 1}]
    assert piece.torn_bytes == len(b'{"n":2,"tor')
    assert piece.finished


def test_a_line_still_being_written_is_not_called_torn(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}])
    name = JournalReader(tmp_path).files()[0].name
    with (tmp_path / name).open("ab") as file:
        file.write(b'{"n":')
    piece = JournalReader(tmp_path).read(name, 0)
    assert (piece.torn_bytes, piece.finished) == (0, False)
    writer.close()


def test_a_line_that_is_no_object_is_passed_on_as_nothing(tmp_path: Path) -> None:
    (tmp_path / "receiver-1-abc.jsonl").write_bytes(b'garbage\n[1]\n{"n":1}\n')
    assert everything(tmp_path) == [None, None, {"n": 1}]


def test_a_full_file_makes_way_for_the_next(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver", rotate_bytes=50)
    for n in range(20):
        writer.append([{"n": n}])
    writer.close()
    assert len(JournalReader(tmp_path).files()) > 1
    assert sorted(record["n"] for record in everything(tmp_path) if record) == list(range(20))


def test_files_are_private(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}])
    assert JournalReader(tmp_path).files()[0].stat().st_mode & 0o077 == 0
    writer.close()


def test_a_full_disk_refuses_keeps_and_writes_later(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}])
    with tiny_files():
        with pytest.raises(StorageFull, match="disk"):
            writer.append([{"n": 2}, {"n": 3}])
        assert writer.backlog == 2
    wait_for(lambda: _took([], writer), "the disk to be tried again")
    writer.append([{"n": 4}])
    writer.close()
    assert everything(tmp_path) == [{"n": 1}, {"n": 2}, {"n": 3}, {"n": 4}]


def _took(records: list[dict[str, int]], writer: JournalWriter) -> bool:
    try:
        writer.append(records)
    except StorageFull:
        return False
    return True


def test_what_will_be_reported_again_does_not_wait_too(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}])
    with tiny_files(), pytest.raises(StorageFull):
        writer.append([{"n": 2}], durable=True, keep=False)
    assert writer.backlog == 0
    writer.close()
    assert everything(tmp_path) == [{"n": 1}]


def test_a_file_that_is_being_opened_is_not_read_yet(tmp_path: Path) -> None:
    (tmp_path / ".receiver-1-abc.jsonl").write_bytes(b'{"n":1}\n')
    assert JournalReader(tmp_path).files() == []


def test_closing_writes_what_still_waits(tmp_path: Path) -> None:
    writer = JournalWriter(tmp_path, "receiver")
    writer.append([{"n": 1}])
    with tiny_files(), pytest.raises(StorageFull):
        writer.append([{"n": 2}])
    writer.close()
    assert everything(tmp_path) == [{"n": 1}, {"n": 2}]


WRITER = """
import sys
from pathlib import Path
from core.storage.journal import JournalWriter
writer = JournalWriter(Path(sys.argv[1]), "victim")
n = 0
while True:
    writer.append([{"n": n}, {"n": n + 1}])
    n += 2
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""


@pytest.mark.faults
def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    for _ in range(500):
        answered = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    remaining = process.stdout.read().split()
    process.wait()
    answered = int(remaining[-1]) if remaining else answered
    found = [record["n"] for record in everything(tmp_path) if record]
    assert found[:answered] == list(range(answered))
    assert len(found) <= answered + 2  # the last append may have been written but not answered


class FullAtRenaming(type(Path())):
    """A folder whose disk has room for a file, but none for its name."""

    refusals = 1

    def rename(self, target: Any) -> Any:
        if FullAtRenaming.refusals:
            FullAtRenaming.refusals -= 1
            raise OSError(errno.ENOSPC, "no room for a name")
        return super().rename(target)


def test_nothing_is_called_kept_that_lies_in_a_file_nobody_reads(tmp_path: Path) -> None:
    writer = JournalWriter(FullAtRenaming(tmp_path), "receiver")
    with pytest.raises(StorageFull):
        writer.append([{"n": 1}])
    wait_for(lambda: _took([], writer) and not writer.backlog, "room for a name")
    writer.append([{"n": 2}])
    writer.close()
    assert everything(tmp_path) == [{"n": 1}, {"n": 2}]
    assert not list(tmp_path.glob(".*.jsonl"))
