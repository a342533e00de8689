"""The journal line that an event came from, found by the event's id: it is made of the line's file and place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson

from core.events.parsing import ip_prefix, moment, number_id
from core.events.past_lines import PastFile, PastLines
from core.events.unpacking import body_of, is_report
from core.ids import stable_id
from core.providers.webhook_catalogue import reader_of
from core.providers.webhooks import UnreadableReport

_BODY = frozenset({"body", "body_base64"})
_LONGEST_TEXT = 20_000
# What may be the address of a machine; "Chrome/120.0.0.0" is none.
_ADDRESS = re.compile(
    r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f.]{0,15}){2,8}"
    r"|(?<![A-Za-z]/)(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w)(?!\.\d)"
)


@dataclass(frozen=True)
class RawLine:
    """A journal line, addresses of machines shortened.

    Args:
        file: The journal file.
        offset: The byte at which the line begins.
        record: What the line says, without a report's body.
        item: Of a report: the one item that became the event; the whole body where its items can't be told apart.
        is_whole_body: Whether `item` is that.
    """

    file: str
    offset: int
    record: dict[str, Any]
    item: Any = None
    is_whole_body: bool = False


class RawLines:
    """Finds raw lines.

    Args:
        past: The journals.
    """

    def __init__(self, past: PastLines) -> None:
        self._past = past

    def find(self, workspace_id: int, event_id: int, received_at: datetime) -> RawLine | None:
        """Return the line an event came from, None if its file is no longer kept.

        Args:
            workspace_id: Whose event it is; the caller has found it in that workspace's lake.
            event_id: The event.
            received_at: When its line was written, as the lake says.
        """
        likely = self._past.files(received_at, received_at)
        others = [file for file in reversed(self._past.files()) if file not in likely]  # a line may tell of what was long before
        for file in [*likely, *others]:
            for offset, line in _lines(file):
                if (found := _match(workspace_id, event_id, file.path, offset, line)) is not None:
                    return found
        return None


def shortened(value: Any) -> Any:
    """Return a value of JSON in which every address of a machine is its network's, and no text is endless."""
    if isinstance(value, Mapping):
        return {str(name): shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value]
    if not isinstance(value, str):
        return value
    cut = value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…"
    return _ADDRESS.sub(_network, cut)


def _network(found: re.Match[str]) -> str:
    whole, bare = found[0], found[0].rstrip(":.")
    if (network := ip_prefix(whole)) is not None:
        return network
    network = ip_prefix(bare)
    return whole if network is None else network + whole[len(bare) :]


def _lines(file: PastFile) -> Iterator[tuple[int, bytes]]:
    try:
        with file.path.open("rb") as lines:
            offset = 0
            for line in lines:
                if offset >= file.read_to:
                    return
                yield offset, line
                offset += len(line)
    except FileNotFoundError:  # its time was up meanwhile
        return


def _match(workspace_id: int, event_id: int, path: Path, offset: int, line: bytes) -> RawLine | None:
    is_line_itself = stable_id(path.name, offset) == event_id
    if not is_line_itself and b'"kind":"webhook"' not in line[:64]:
        return None
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if is_line_itself:
        return RawLine(path.name, offset, shortened(_without_body(record)))
    if not is_report(record) or number_id(record.get("workspace_id")) != workspace_id or moment(record.get("at")) is None:
        return None
    return _match_report(event_id, path.name, offset, record)


def _match_report(event_id: int, file: str, offset: int, record: Mapping[str, Any]) -> RawLine | None:
    read = reader_of(str(record.get("provider")))
    if read is None:
        return None
    content_type = str(record.get("content_type") or "")
    try:
        body = body_of(record)
        number = len(read(body, content_type))
    except UnreadableReport:
        return None
    place = next((place for place in range(number) if stable_id(f"{file}#{place}", offset) == event_id), None)
    if place is None:
        return None
    item, is_whole = _item(body, content_type, place, number)
    return RawLine(file, offset, shortened(_without_body(record)), shortened(item), is_whole)


def _item(body: bytes, content_type: str, place: int, number: int) -> tuple[Any, bool]:
    """Return one item of a report's body, or all of it, and whether it is all of it."""
    text = body.decode("utf-8", "replace")
    content = _content(text, content_type)
    if number == 1 and isinstance(content, dict):
        return content, False
    inside = content.values() if isinstance(content, dict) else [content]
    lists = [each for each in inside if isinstance(each, list) and len(each) == number]
    return (lists[0][place], False) if len(lists) == 1 else (content, True)


def _content(text: str, content_type: str) -> Any:
    if content_type.partition(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return {name: _json(values[0]) for name, values in parse_qs(text).items()}
    return _json(text)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _without_body(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _BODY}
