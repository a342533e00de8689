"""What reaches the terminal of whoever asks."""

from __future__ import annotations

import pytest

from core.cli.answers import Answer, show_error
from core.errors import NotFound

CLEARS_THE_SCREEN = "Ada\x1b[2J\x9b2J\x07"


def test_a_name_gives_the_terminal_no_orders(capsys: pytest.CaptureFixture[str]) -> None:
    Answer({"name": CLEARS_THE_SCREEN}, f"NAME\n{CLEARS_THE_SCREEN}\tand others").show(as_json=False)
    show_error(NotFound(f"There is no {CLEARS_THE_SCREEN}."), as_json=False)

    said = capsys.readouterr()
    assert said.out == "NAME\nAda\ufffd[2J\ufffd2J\ufffd\tand others\n"
    assert said.err == "There is no Ada\ufffd[2J\ufffd2J\ufffd.\n"


def test_programs_get_it_unchanged(capsys: pytest.CaptureFixture[str]) -> None:
    Answer({"name": "Ada\x1b[2J"}).show(as_json=True)
    assert capsys.readouterr().out == '{"ok": true, "name": "Ada\\u001b[2J"}\n'
