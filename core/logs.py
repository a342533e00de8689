"""What a process writes down for the people who run it: on stderr, as text or JSON, without personal data."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from core.errors import Unavailable
from core.settings import Settings

# What a log record always carries; everything else was given by the caller with `extra` and belongs into the line.
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
# A line break in what somebody sent would begin a line of their own making, and a terminal obeys the rest (CWE-117, CWE-150).
_ONE_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# These tell every poll and every query; only their warnings are news.
_TALKATIVE = ("huey", "httpx", "httpx2", "python_http_client", "alembic", "sqlalchemy", "asyncio", "watchdog")


def configure(settings: Settings, process: str, *, level: int = logging.INFO) -> None:
    """Send this process's logs to stderr; calling it again replaces the earlier choice.

    Args:
        settings: `log_format` chooses text or JSON lines.
        process: Who writes ("worker"); part of every line.
        level: What is worth a line.
    """
    handler = _ToStderr()
    handler.setFormatter(JsonLines(process) if settings.log_format == "json" else TextLines(process))
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _ToStderr)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def tried_again(logger: logging.Logger, what: str, error: Exception) -> None:
    """Warn that something failed and is tried again: in a line where something does not answer, else with where it came from.

    A database that is away for an hour is looked for again and again; a traceback each time would hide everything else.

    Args:
        logger: Whose it is.
        what: What failed and when it is tried again, in words.
        error: Why.
    """
    if isinstance(error, Unavailable):
        logger.warning("%s: %s", what, error)
    else:
        logger.warning(what, exc_info=error)


class _ToStderr(logging.Handler):
    """Writes to whatever stderr is at that moment: a test or a supervisor may have put another one in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


class TextLines(logging.Formatter):
    """One line for people: time, process, level, words, and the fields as key=value.

    Args:
        process: Who writes.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and the traceback below it where there is one."""
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        level = "" if record.levelno == logging.INFO else f"{record.levelname.lower()}: "
        line = _ONE_LINE.sub("\ufffd", f"{_at(record):%H:%M:%S} {self._process:<9} {level}{record.getMessage()}{fields}")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonLines(logging.Formatter):
    """One JSON object a line for machines.

    Args:
        process: Who writes.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": _at(record).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def _at(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _USUAL}
