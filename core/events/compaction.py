"""Compaction: many small files become one, so that a question opens few files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.events.lake_rows import ORDER
from core.storage.database import Database
from core.storage.event_schema import EVENT_SCHEMA, conformed
from core.storage.lake import Dataset, Lake, LakeFile

MERGE_AT = 8
# A file this long stays as it is: eight of them merged must fit into memory.
_LONG_ENOUGH = 100_000


class Stack(NamedTuple):
    """Files that may become one."""

    event_class: str
    month: str
    level: int


class Compaction:
    """Merges eight event files of the same half, month and level into one of the next level.

    Every row is so rewritten once per level only, and few files remain of any number of batches.

    Args:
        db: The database.
        lake: The lake.
    """

    def __init__(self, db: Database, lake: Lake) -> None:
        self._db, self._lake = db, lake

    def run(self, workspace_ids: Iterable[int], *, guard: Callable[[sa.Connection], None]) -> int:
        """Merge whatever is due in these workspaces and return how many merges were made.

        Args:
            workspace_ids: Where to look.
            guard: Called inside each transaction; raises if we are not the one who may write.
        """
        merges = 0
        for workspace_id in workspace_ids:
            while (due := self._due(workspace_id)) is not None:
                self._merge(workspace_id, *due, guard)
                merges += 1
        return merges

    def _due(self, workspace_id: int) -> tuple[Stack, list[LakeFile]] | None:
        with self._db.read() as connection:
            files = self._lake.files(connection, workspace_id, Dataset.EVENTS)
        stacks: dict[Stack, list[LakeFile]] = defaultdict(list)
        for file in files:
            if file.rows < _LONG_ENOUGH:
                stacks[Stack(file.event_class, file.month, file.level)].append(file)
        return next(((stack, pile[:MERGE_AT]) for stack, pile in sorted(stacks.items()) if len(pile) >= MERGE_AT), None)

    def _merge(self, workspace_id: int, stack: Stack, files: Sequence[LakeFile], guard: Callable[[sa.Connection], None]) -> None:
        staged = self._lake.stage(
            _rows(files),
            workspace_id=workspace_id,
            dataset=Dataset.EVENTS,
            event_class=stack.event_class,
            month=stack.month,
            order_by=ORDER,
            level=stack.level + 1,
        )
        with self._db.transaction() as connection:
            guard(connection)
            self._lake.commit(connection, [staged], replaced=[file.id for file in files])


def _rows(files: Sequence[LakeFile]) -> pa.Table:
    # ParquetFile and not read_table: that would add columns for the folders' names.
    tables = [conformed(pq.ParquetFile(file.path).read(), EVENT_SCHEMA) for file in files]
    return pa.concat_tables(tables)
