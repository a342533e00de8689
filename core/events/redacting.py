"""Taking people out of the journal's lines, in workspaces that track none, once the ingester has read them.

A line keeps its place and its length: it is written anew without the person, filled up with spaces. So every offset, and
with it the id of every event, stays; and the file's writer may go on behind it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from core.events.chores import Guard
from core.events.unpacking import is_report
from core.messages.tables import messages
from core.storage.database import Database, among
from core.storage.tables import journal_offsets, workspaces

_AT_A_TIME = 2 * 1024 * 1024
_FILES = 20
# What names a person in lines of our own; those of the sender stay, because the ledger says the same.
_PERSONAL = frozenset({"message_id", "message_key", "recipient", "ip", "user_agent", "key", "properties"})
_PERSONAL |= {"email", "names", "attributes", "evidence", "choices", "token"}  # of what people outside asked for
_BODIES = frozenset({"body", "body_base64"})
_KEPT_SOURCES = frozenset({"delivery"})
_c = journal_offsets.c


@dataclass(frozen=True)
class _Line:
    offset: int
    length: int
    record: Mapping[str, Any]


class Redacting:
    """Goes through what has been ingested since it last looked; nothing to do where every workspace tracks people.

    Args:
        db: The database.
        folder: The journal folder.
    """

    def __init__(self, db: Database, folder: Path) -> None:
        self._db, self._folder = db, folder

    def run(self, guard: Guard) -> None:
        """Do about two megabytes of it. Killed before it is noted how far it came, it does the same again."""
        with self._db.read() as connection:
            private = frozenset(connection.execute(sa.select(workspaces.c.id).where(~workspaces.c.tracks_people)).scalars())
            due = connection.execute(_DUE).all() if private else []
        room = _AT_A_TIME
        for file, start, end in due:
            if room <= 0:
                return
            reached = self._redact(file, start, end, room, private)
            room -= reached - start
            with self._db.transaction() as connection:
                guard(connection)
                connection.execute(sa.update(journal_offsets).where(_c.file == file).values(redacted_to=reached))

    def _redact(self, file: str, start: int, end: int, room: int, private: frozenset[int]) -> int:
        """Redact a part of a file and return the offset that was reached."""
        try:
            with (self._folder / file).open("rb") as reader:
                reader.seek(start)
                data = reader.read(min(end - start, room))
                if b"\n" not in data:
                    data += reader.readline()
        except FileNotFoundError:
            return end  # deleted, or put out of sight to be
        data = data[: data.rfind(b"\n") + 1]
        lines = _lines(data, start)
        personal = [line for line in lines if line.record.get("source") not in _KEPT_SOURCES]
        whose = self._whose(personal)
        with suppress(FileNotFoundError):
            _rewrite(self._folder / file, [line for line in personal if whose(line) in private])
        return start + len(data)

    def _whose(self, lines: Sequence[_Line]) -> Any:
        ids = sorted({number for line in lines if isinstance(number := line.record.get("message_id"), int)})
        with self._db.read() as connection:
            rows = connection.execute(sa.select(messages.c.id, messages.c.workspace_id).where(messages.c.id.in_(among(connection, ids))))
            owners = {row[0]: row[1] for row in rows} if ids else {}
        return lambda line: line.record.get("workspace_id") or owners.get(line.record.get("message_id"), 0)


_DUE = sa.select(_c.file, _c.redacted_to, _c.offset).where(_c.offset > _c.redacted_to).order_by(_c.updated_at).limit(_FILES)


def _lines(data: bytes, start: int) -> list[_Line]:
    found, offset = [], start
    for line in data.split(b"\n")[:-1]:
        with suppress(orjson.JSONDecodeError):
            record = orjson.loads(line)
            if isinstance(record, dict):
                found.append(_Line(offset, len(line), record))
        offset += len(line) + 1
    return found


def _rewrite(path: Path, lines: Sequence[_Line]) -> None:
    if not lines:
        return
    # Not for appending: that would ignore the offset, and the file's writer holds it open so itself.
    descriptor = os.open(path, os.O_WRONLY)
    with closing(os.fdopen(descriptor, "wb", buffering=0)):
        for line in lines:
            left = orjson.dumps(_without_person(line.record))
            if len(left) <= line.length:
                os.pwrite(descriptor, left.ljust(line.length), line.offset)
        os.fsync(descriptor)


def _without_person(record: Mapping[str, Any]) -> dict[str, Any]:
    if is_report(record):
        return {name: value for name, value in record.items() if name not in _BODIES} | {"body": ""}
    return {name: value for name, value in record.items() if name not in _PERSONAL}
