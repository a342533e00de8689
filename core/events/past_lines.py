"""Reading journals again: the lines of a time range, as far as they have been ingested and as long as their files are kept.

Lines the ingester has not come to yet are left to it: whoever adds an event ahead of it would let it count twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.events.parsing import moment
from core.storage.database import Database
from core.storage.journal import JournalReader
from core.storage.tables import journal_offsets

Line = tuple[str, int, dict[str, Any] | None]
# Lines of several threads and processes are not in perfect order.
_DISORDER = timedelta(minutes=2)
_HEAD_BYTES = 512
# What other systems tell through the API may be of long ago; when we heard of it stands beside it.
_AT, _RECEIVED_AT = (re.compile(rb'"%b":"([^"]{10,40})"' % name) for name in (b"at", b"received_at"))


@dataclass(frozen=True)
class PastFile:
    """A journal file that holds lines of a time range.

    Args:
        path: Where it is.
        first_at: When its first line was written, None where that line does not say.
        read_to: Up to which byte it has been ingested.
    """

    path: Path
    first_at: datetime | None
    read_to: int


@dataclass(frozen=True)
class Piece:
    """Some lines of a time range.

    Args:
        lines: File, offset and record of each.
        place: Where the next piece begins, with `progress` from 0 to 1.
    """

    lines: list[Line]
    place: dict[str, Any]

    def first(self, lines: int) -> Piece:
        """Return the piece cut off behind its first lines."""
        if lines >= len(self.lines):
            return self
        file, offset, _ = self.lines[lines]
        return Piece(self.lines[:lines], {**self.place, "file": file, "offset": offset})


class PastLines:
    """Finds and reads ingested lines of a time range.

    Args:
        db: Knows how far each file has been ingested.
        folder: The folder of the journals.
    """

    def __init__(self, db: Database, folder: Path) -> None:
        self._db, self._folder = db, folder

    def files(self, since: datetime | None = None, until: datetime | None = None) -> list[PastFile]:
        """Return the files that can hold ingested lines of a time range, oldest first."""
        column = journal_offsets.c
        with self._db.read() as connection:
            rows: Sequence[Any] = connection.execute(sa.select(column.file, column.offset, column.updated_at)).all()
        known = {row.file: row for row in rows if row.offset and (since is None or row.updated_at >= since - _DISORDER)}
        found = []
        for path in JournalReader(self._folder).files():
            row = known.get(path.name)
            if row is None or ((first_at := first_moment(path)) is None and not path.exists()):
                continue
            if until is None or first_at is None or first_at < until + _DISORDER:
                found.append(PastFile(path, first_at, row.offset))
        return found

    def next(self, place: Mapping[str, Any], since: datetime, until: datetime, *, max_bytes: int) -> Piece | None:
        """Return the next piece of a time range, None behind the last one.

        Args:
            place: What the piece before said; `{}` for the first.
            since: From when on.
            until: Up to when, exclusively.
            max_bytes: About how much to read.
        """
        files = self.files(since, until)
        sizes = {file.path.name: file.read_to for file in files}
        at_file, at_offset = str(place.get("file", "")), int(place.get("offset", 0))
        for file in files:
            name = file.path.name
            begin = at_offset if name == at_file else 0
            if _age(name) < _age(at_file) or begin >= file.read_to:
                continue
            slice_ = JournalReader(self._folder).read(name, begin, max_bytes=min(max_bytes, file.read_to - begin))
            lines = [(name, offset, record) for offset, record in slice_.records if offset < file.read_to]
            reached = min(slice_.next_offset, file.read_to) if slice_.records else file.read_to
            done = reached + sum(size for other, size in sizes.items() if _age(other) < _age(name))
            inside = [line for line in lines if _is_inside(line[2], since, until)]
            return Piece(inside, {"file": name, "offset": reached, "progress": done / max(1, sum(sizes.values()))})
        return None

    def oldest(self) -> datetime | None:
        """Return how far back lines are kept, None where there are none."""
        return min((file.first_at for file in self.files() if file.first_at is not None), default=None)


def first_moment(path: Path, offset: int = 0) -> datetime | None:
    """Return when the line that begins at a byte of a journal was written, None if it does not say."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return None
    found = _RECEIVED_AT.search(head) or _AT.search(head)
    return moment(found[1].decode("ascii", "replace")) if found else None


def _is_inside(record: Mapping[str, Any] | None, since: datetime, until: datetime) -> bool:
    at = moment(record.get("received_at") or record.get("at")) if record is not None else None
    return at is not None and since <= at < until


def _age(name: str) -> tuple[list[str], str]:
    """Return what journal files are in order by, as their reader orders them."""
    return name.rsplit("-", 2)[-2:], name
