"""Following the journals: what has not been read yet, and how far we are, kept in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.errors import Conflict
from core.storage.database import Database, insert_or_ignore
from core.storage.journal import JournalReader, JournalSlice
from core.storage.tables import journal_offsets

# About 40,000 lines of clicks: a transaction of a second, and some 100 MB of memory.
BATCH_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True)
class Position:
    """How far a journal file has been read."""

    offset: int = 0
    torn_bytes: int = 0
    is_finished: bool = False


@dataclass(frozen=True)
class Batch:
    """Lines not read before.

    Args:
        slices: What was read, file by file.
        known: How far those files had been read before; a file never seen before is absent.
        more: Whether something was left for the next batch.
    """

    slices: list[JournalSlice]
    known: dict[str, Position]
    more: bool

    @property
    def torn_bytes(self) -> int:
        """Bytes of last lines that crashes cut off, met in this batch."""
        return sum(part.torn_bytes for part in self.slices)

    def first(self, lines: int) -> Batch:
        """Return the batch cut off behind its first lines."""
        slices: list[JournalSlice] = []
        for part in self.slices:
            if len(part.records) > lines:
                if lines:
                    cut = part.records[lines][0]
                    slices.append(replace(part, records=part.records[:lines], next_offset=cut, torn_bytes=0, finished=False))
                return Batch(slices, self.known, more=True)
            slices.append(part)
            lines -= len(part.records)
        return self

    def lines(self) -> Iterator[tuple[str, int, dict[str, Any] | None]]:
        """Yield (file, offset, record) for every line."""
        for part in self.slices:
            for offset, record in part.records:
                yield part.file, offset, record


def next_batch(db: Database, folder: Path, *, max_bytes: int = BATCH_BYTES) -> Batch:
    """Return what the journals hold beyond what has been read, oldest files first, about `max_bytes` of it."""
    reader = JournalReader(folder)
    known = _positions(db)
    slices: list[JournalSlice] = []
    room = max_bytes
    for path in reader.files():
        position = known.get(path.name, Position())
        if position.is_finished and _size(path) == position.offset + position.torn_bytes:
            continue
        if room <= 0:
            return Batch(slices, known, more=True)
        part = reader.read(path.name, position.offset, max_bytes=room)
        # A file that is being made looks finished until its writer holds it: an empty one is looked at again.
        if part.records or (part.finished and (part.next_offset or part.torn_bytes)):
            slices.append(part)
        if part.records and part.next_offset + part.torn_bytes < _size(path):
            return Batch(slices, known, more=True)
        room -= part.next_offset - position.offset
    return Batch(slices, known, more=False)


def advance(connection: sa.Connection, batch: Batch, now: datetime) -> None:
    """Move the offsets on, inside the transaction that records what was read.

    Raises:
        Conflict: If somebody else has moved one meanwhile; the batch must not be recorded.
    """
    column = journal_offsets.c
    for part in batch.slices:
        values = {
            "offset": part.next_offset,
            "torn_bytes": part.torn_bytes,
            "finished_at": now if part.finished else None,
            "updated_at": now,
        }
        if part.file in batch.known:
            unmoved = sa.update(journal_offsets).where(column.file == part.file, column.offset == batch.known[part.file].offset)
            moved = connection.execute(unmoved.values(**values)).rowcount
        else:
            moved = insert_or_ignore(connection, journal_offsets, [{"file": part.file, **values}])
        if moved != 1:
            raise Conflict("Another ingester has read this journal meanwhile.", hint="Nothing is lost: the other one keeps its events.")


def _positions(db: Database) -> dict[str, Position]:
    column = journal_offsets.c
    with db.read() as connection:
        rows: Sequence[Any] = connection.execute(sa.select(column.file, column.offset, column.torn_bytes, column.finished_at)).all()
    return {row[0]: Position(row[1], row[2], row[3] is not None) for row in rows}


def _size(path: Path) -> int:
    return path.stat().st_size
