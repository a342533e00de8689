from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from core import logs
from core.errors import Unavailable
from core.settings import Settings


@pytest.fixture(autouse=True)
def _root_logger_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_lines_carry_process_words_and_fields(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings.model_copy(update={"log_format": "json"}), "worker")
    logging.getLogger("core.jobs").info("delivered", extra={"campaign_id": 7})
    line = json.loads(capsys.readouterr().err)
    assert {"level": "info", "process": "worker", "message": "delivered", "campaign_id": 7}.items() <= line.items()


def test_text_lines_are_one_line_on_stderr(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings, "worker")
    logging.getLogger("core.jobs").warning("late", extra={"campaign_id": 7})
    out = capsys.readouterr()
    assert out.out == ""
    assert out.err.rstrip("\n").endswith("worker    warning: late campaign_id=7")


def test_configuring_again_replaces_the_earlier_choice(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings, "cli")
    logs.configure(settings, "worker")
    logging.getLogger("core").info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_what_somebody_sent_begins_no_line_of_its_own(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(settings, "worker")
    logging.getLogger("core.jobs").warning("refused: %s", "550 no\n12:00:00 worker    all is well\x1b[2J")
    written = capsys.readouterr().err
    assert written.count("\n") == 1
    assert "\x1b" not in written


def test_what_does_not_answer_is_one_line_each_time_and_a_fault_of_ours_is_told_with_its_place(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(settings, "worker")
    logs.tried_again(logging.getLogger("core.jobs"), "the sweep failed and is tried again", Unavailable("The database does not answer."))
    assert capsys.readouterr().err.endswith("warning: the sweep failed and is tried again: The database does not answer.\n")
    try:
        raise LookupError
    except LookupError as error:
        logs.tried_again(logging.getLogger("core.jobs"), "the sweep failed and is tried again", error)
    assert "test_logs.py" in capsys.readouterr().err
