"""Who got a campaign and sending it to the missing, from the command line; and the line that tells how fast it goes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cli.progress import Progress
from core.messages.states import MessageState
from tests.cli.conftest import Cli

CREATE = ("campaigns", "create", "--name", "May", "--subject", "Hi", "--template", "News", "--from", "Acme <news@example.com>")
PEOPLE = 40


@pytest.fixture
def cancelled(shop: Cli) -> Cli:
    """A campaign that was cancelled before anything left."""
    assert shop(*CREATE, "--to", "list:Readers").code == 0
    assert shop("campaigns", "send", "1").code == 0
    assert shop("campaigns", "cancel", "1").code == 0
    return shop


def test_the_missing_are_shown_and_get_it(cancelled: Cli) -> None:
    assert cancelled("recipients", "count", "1", "--json").facts["outcomes"] == [{"outcome": "cancelled", "people": PEOPLE, "reasons": {}}]
    assert cancelled("recipients", "missing", "1", "--json").facts["cancelled"] == PEOPLE
    assert "postwright recipients send 1" in cancelled("recipients", "missing", "1").out
    assert cancelled("recipients", "send", "1", "--json").facts["messages"] == PEOPLE
    assert cancelled("recipients", "send", "1", "--json").facts["messages"] == 0
    assert cancelled("campaigns", "send", "1", "--wait", "--json").facts["counts"] == {"accepted": PEOPLE}
    assert cancelled("recipients", "missing", "1").out == "Nobody is missing.\n"
    assert cancelled("outbox", "list", "--json").facts["total"] == PEOPLE


def test_the_file_has_a_line_a_person(cancelled: Cli, tmp_path: Path) -> None:
    rows = list(csv.DictReader(cancelled("recipients", "export", "1").out.splitlines()))
    assert {row["email"] for row in rows} == {f"p{n}@example.com" for n in range(PEOPLE)}
    assert {row["outcome"] for row in rows} == {"cancelled"}
    said = cancelled("recipients", "export", "1", "--outcome", "received", "-o", tmp_path / "who.csv", "--json")
    assert said.facts["people"] == 0
    assert cancelled("recipients", "export", "1", "--json").code == 2
    assert cancelled("recipients", "export", "9").code == cancelled("recipients", "missing", "9").code == 1


def test_the_line_tells_how_fast_it_goes_and_how_long_it_takes() -> None:
    told: list[str] = []
    seconds: Iterator[float] = iter((100.0, 101.0, 103.0, 105.0, 200.0))
    progress = Progress(told.append, lambda: next(seconds))
    for done in (0, 500, 1500, 1500, 4000):
        progress.tell({MessageState.ACCEPTED: done, MessageState.QUEUED: 4000 - done})
    assert told == ["0 of 4,000 messages", "1,500 of 4,000 messages, 500 a second, about 5 s left", "4,000 of 4,000 messages"]
