"""Old events of the lake: gone as a whole, or without where and with what somebody opened and clicked."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.events.lake_rows import ORDER
from core.privacy.retention import Taker
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA, conformed
from core.storage.event_words import EventClass
from core.storage.lake import Dataset, Lake, LakeFile, StagedFile

_DETAILS = ("user_agent", "ip_prefix", "properties")


class _OldEvents(Taker):
    """Takes from one file at a time: its successor and its end are one transaction, so a killed worker leaves it whole.

    Args:
        db: The database.
        lake: Where events are.
        engine: Counts them.
    """

    condition = "true"

    def __init__(self, db: Database, lake: Lake, engine: AnalyticsEngine) -> None:
        self._db, self._lake, self._engine = db, lake, engine

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how many events that are."""
        with self._engine.session(workspace_id, until=before) as session:
            found = session.value(f"select count(*) from events where occurred_at < $before and {self.condition}", {"before": before})
        return int(found or 0)

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Take them from the first file that has any."""
        with self._db.read() as connection:
            files = self._lake.files(connection, workspace_id, Dataset.EVENTS, until=before)
        for file in files:
            mask = self._mask(file, before)
            if mask is None or not (old := pc.sum(mask).as_py() or 0):
                continue
            left = self._left(conformed(pq.ParquetFile(file.path).read(), EVENT_SCHEMA), mask)
            staged = [self._staged(workspace_id, file, left)] if left.num_rows else []
            with self._db.transaction() as connection:
                self._lake.commit(connection, staged, replaced=[file.id])
            return int(old)
        return None

    def _staged(self, workspace_id: int, file: LakeFile, rows: pa.Table) -> StagedFile:
        return self._lake.stage(
            rows,
            workspace_id=workspace_id,
            dataset=Dataset.EVENTS,
            event_class=file.event_class,
            month=file.month,
            order_by=ORDER,
            level=file.level,
        )

    def _mask(self, file: LakeFile, before: datetime) -> pa.ChunkedArray | None:
        """Return which rows of a file are taken, None where that can be said without opening it."""
        raise NotImplementedError

    def _left(self, rows: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
        """Return what is left."""
        raise NotImplementedError


class Events(_OldEvents):
    """Whole events; reports keep what was counted until something new comes in about a campaign."""

    def _mask(self, file: LakeFile, before: datetime) -> pa.ChunkedArray | None:
        return _older(pq.ParquetFile(file.path).read(["occurred_at"]), before)

    def _left(self, rows: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
        return rows.filter(pc.invert(mask))


class EngagementDetails(_OldEvents):
    """Which browser and which network opens and clicks came from; that they happened stays."""

    condition = f"({' or '.join(f'{name} is not null' for name in _DETAILS)})"

    def _mask(self, file: LakeFile, before: datetime) -> pa.ChunkedArray | None:
        if file.event_class != EventClass.ENGAGED.value:
            return None
        parquet = pq.ParquetFile(file.path)
        rows = parquet.read([name for name in ("occurred_at", *_DETAILS) if name in parquet.schema_arrow.names])
        told = pa.chunked_array([pa.array([False] * rows.num_rows, pa.bool_())])
        for name in set(_DETAILS) & set(rows.column_names):
            told = pc.or_(told, pc.is_valid(rows[name]))
        return pc.and_(_older(rows, before), told)

    def _left(self, rows: pa.Table, mask: pa.ChunkedArray) -> pa.Table:
        for name in _DETAILS:
            kind = EVENT_SCHEMA.field(name).type
            rows = rows.set_column(rows.schema.get_field_index(name), name, pc.if_else(mask, pa.scalar(None, kind), rows[name]))
        return rows


def _older(rows: pa.Table, before: datetime) -> pa.ChunkedArray:
    return pc.less(rows["occurred_at"], pa.scalar(before, pa.timestamp("us", tz="UTC")))
