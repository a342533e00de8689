"""What a command answers: words for people, one JSON object for programs, the same facts in both."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from core.errors import PostwrightError

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Answer:
    """The outcome of a command.

    Args:
        data: The facts, for `--json`; dataclasses, times and paths are turned into JSON here.
        text: The same for people; several lines are fine.
        lines: A long answer for people, written as it comes (exports); replaces `text`.
        ok: Whether it went well; decides the exit code.
    """

    data: Mapping[str, Any] = field(default_factory=dict)
    text: str = ""
    lines: Iterable[str] | None = None
    ok: bool = True

    def show(self, *, as_json: bool) -> None:
        """Write the answer to stdout."""
        if as_json:
            _write(to_json({"ok": self.ok, **self.data}))
        elif self.lines is not None:
            for line in self.lines:
                sys.stdout.write(line)
        elif self.text:
            _write(_for_a_terminal(self.text))


def show_error(error: PostwrightError, *, as_json: bool) -> None:
    """Write what went wrong: one line on stderr, or one JSON object on stdout."""
    if as_json:
        _write(to_json({"ok": False, "error": error.message, "hint": error.hint}))
    else:
        sys.stderr.write(f"{_for_a_terminal(str(error))}\n")


def say(text: str) -> None:
    """Tell how it goes, on stderr, where it never mixes with the answer."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def to_json(data: Mapping[str, Any]) -> str:
    """Return one line of JSON."""
    return json.dumps(data, default=_plain, ensure_ascii=False)


def facts_of(value: Any) -> dict[str, Any]:
    """Return a dataclass's fields, for the facts of an answer."""
    return {item.name: getattr(value, item.name) for item in dataclasses.fields(value)}


def table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows as aligned columns; numbers to the right, nothing drawn."""
    listed = [[_cell(value) for value in row] for row in rows]
    widths = [max(len(heading), *(len(row[i]) for row in listed), 0) for i, heading in enumerate(headings)]
    numeric = [bool(listed) and all(_is_number(row[i]) for row in listed) for i in range(len(headings))]
    shown = [_line(headings, widths, numeric), *(_line(row, widths, numeric) for row in listed)]
    return "\n".join(shown)


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _for_a_terminal(text: str) -> str:
    """Return text without what a terminal obeys: a name or a mail server's answer could clear the screen or type commands (CWE-150)."""
    return _OBEYED.sub("\ufffd", text)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return facts_of(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, (set, frozenset, tuple)):
        return list(value)
    return str(value)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _is_number(text: str) -> bool:
    return text.replace(",", "").removesuffix(" %").replace(".", "", 1).isdigit() or text == "–"


def _line(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    placed = [cell.rjust(width) if right else cell.ljust(width) for cell, width, right in zip(cells, widths, numeric, strict=True)]
    return "  ".join(placed).rstrip()
