"""kill -9 of the receiver under load, again and again: whatever it has answered for is in the journal.

A few rounds in CI; `make faults` runs 1,000.
"""

from __future__ import annotations

import itertools
import os
import random
import shutil
from pathlib import Path

import pytest

from core.settings import Settings
from core.storage.journal import JournalReader
from tests.faults.killing import kill_with_children
from tests.faults.storm import Storm, missing
from tests.receiver.conftest import Site, fill, receiver
from tests.receiver.reporting import add_connection
from tests.support.waiting import wait_for

pytestmark = pytest.mark.faults
ROUNDS = int(os.environ.get("POSTWRIGHT_TEST_FAULT_ROUNDS", "4"))


@pytest.fixture
def folder(tmp_path: Path, migrated_file: Path) -> Path:
    found = tmp_path / "data"
    found.mkdir()
    shutil.copy(migrated_file, found / "app.db")
    fill(Settings.load(data_dir=found, secret_key="a-key-for-tests-only"))
    return found


def test_nothing_that_was_acknowledged_is_missing_after_a_kill(folder: Path) -> None:
    dice, numbers, acknowledged = random.Random(4), itertools.count(10), 0
    key = add_connection(Settings.load(data_dir=folder, secret_key="a-key-for-tests-only"))
    for number in range(ROUNDS):
        with receiver(folder) as site:
            storm = Storm(site, key, numbers)
            storm.start()
            enough = dice.randrange(1, 600)
            wait_for(lambda storm=storm, enough=enough: storm.answers >= enough, f"{enough} answers")
            kill_with_children(site.process)
            storm.stop()
            assert not missing(storm.acknowledged, site), f"round {number}"
            assert not storm.refused
            acknowledged += storm.answers
            _forget_journal(site)
    assert acknowledged > ROUNDS * 50


def _forget_journal(site: Site) -> None:
    """A thousand rounds are not read a thousand times."""
    reader = JournalReader(site.settings.journal_dir)
    for path in reader.files():
        path.unlink()
