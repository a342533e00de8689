"""The lake: Parquet files that count once their manifest row is committed, and are deleted only after a grace period."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import Clock
from core.errors import Conflict, StorageFull
from core.ids import random_name
from core.storage.database import Database
from core.storage.syncing import sync
from core.storage.tables import lake_files

GRACE_PERIOD = timedelta(minutes=5)
_ROW_GROUP = 122_880
_FEW_ROWS = 150_000
# Only what the lake itself can have written is ever swept: the folder may be one that somebody else uses too.
_OUR_FILE = re.compile(r"workspace=\d+/(events|facts|contacts)/(class=\w+/)?(month=[\d-]+/)?[0-9a-f]{20}\.(parquet|tmp)")


class Dataset(StrEnum):
    """The kinds of files in the lake."""

    EVENTS = "events"
    FACTS = "facts"
    CONTACTS = "contacts"


@dataclass(frozen=True)
class LakeFile:
    """A live file of the lake, as the manifest lists it."""

    id: int
    path: Path
    level: int
    rows: int
    event_class: str
    month: str
    watermark: int | None


@dataclass(frozen=True)
class StagedFile:
    """A file that is on disk but does not count until its manifest row is committed."""

    values: dict[str, Any]


class Lake:
    """Writes, lists and sweeps the lake's files.

    Args:
        root: The folder of the lake.
        db: The database that holds the manifest.
        clock: The time.
    """

    def __init__(self, root: Path, db: Database, clock: Clock) -> None:
        self._root, self._db, self._clock = root, db, clock
        self.spill_dir = root / ".spill"

    def stage(
        self,
        table: pa.Table,
        *,
        workspace_id: int,
        dataset: Dataset,
        event_class: str = "",
        month: str = "",
        order_by: Sequence[str] = (),
        level: int = 0,
        watermark: int | None = None,
    ) -> StagedFile:
        """Write a table as sorted Parquet and sync it; nothing reads it before `commit`.

        Args:
            table: The rows; `occurred_at`/`sent_at` and `campaign_id` columns give the manifest its ranges.
            workspace_id: Whose rows they are; every workspace has a folder of its own.
            dataset: Which kind of file this is.
            event_class: For events, `sent` or `engaged`.
            month: For events and facts, `YYYY-MM`.
            order_by: Columns to sort by, most significant first.
            level: 0 for small new files, higher for merged ones.
            watermark: The sequence number up to which a snapshot is complete.

        Raises:
            StorageFull: If the disk is full; nothing counts.
        """
        folder = self._folder(workspace_id, dataset, event_class, month)
        path = folder / f"{random_name(20)}.parquet"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _write_parquet(table, path, order_by)
        except (OSError, duckdb.IOException) as error:
            with suppress(OSError):
                path.with_suffix(".tmp").unlink()
            raise StorageFull("The lake can't be written.", hint="Free some space; the events stay in the journal until then.") from error
        values = {
            "workspace_id": workspace_id,
            "dataset": dataset.value,
            "event_class": event_class,
            "month": month,
            "path": path.relative_to(self._root).as_posix(),
            "level": level,
            "rows": table.num_rows,
            "bytes": path.stat().st_size,
            "watermark": watermark,
            "created_at": self._clock.now(),
        }
        return StagedFile(values | _ranges(table))

    def commit(self, connection: sa.Connection, staged: Iterable[StagedFile], *, replaced: Sequence[int] = ()) -> None:
        """Make staged files count and mark replaced ones dead, inside the caller's transaction.

        Raises:
            Conflict: If somebody else has replaced one of them meanwhile: its rows would count twice.
        """
        rows = [file.values for file in staged]
        if rows:
            connection.execute(sa.insert(lake_files), rows)
        if replaced:
            alive = sa.update(lake_files).where(lake_files.c.id.in_(replaced), lake_files.c.dead_at.is_(None))
            if connection.execute(alive.values(dead_at=self._clock.now())).rowcount != len(set(replaced)):
                raise Conflict("A file of the lake was replaced meanwhile.", hint="Nothing is lost: it is done again.")

    def files(
        self,
        connection: sa.Connection,
        workspace_id: int,
        dataset: Dataset,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        campaign_id: int | None = None,
    ) -> list[LakeFile]:
        """Return the live files of a workspace that can hold rows of that time and campaign, oldest first."""
        column = lake_files.c
        wanted = [column.workspace_id == workspace_id, column.dataset == dataset.value, column.dead_at.is_(None)]
        if since is not None:
            wanted.append(sa.or_(column.max_at.is_(None), column.max_at >= since))
        if until is not None:
            wanted.append(sa.or_(column.min_at.is_(None), column.min_at < until))
        if campaign_id is not None:
            inside = sa.and_(column.min_campaign_id <= campaign_id, column.max_campaign_id >= campaign_id)
            wanted.append(sa.or_(column.min_campaign_id.is_(None), inside))
        fields = (column.id, column.path, column.level, column.rows, column.event_class, column.month, column.watermark)
        found = connection.execute(sa.select(*fields).where(*wanted).order_by(column.id))
        return [LakeFile(row.id, self._root / row.path, row.level, row.rows, row.event_class, row.month, row.watermark) for row in found]

    def sweep(self, *, grace: timedelta = GRACE_PERIOD) -> int:
        """Delete files that have been dead for longer than the grace period, and strays never committed; return how many."""
        horizon = self._clock.now() - grace
        with self._db.transaction() as connection:
            dead = connection.execute(sa.select(lake_files.c.id, lake_files.c.path).where(lake_files.c.dead_at < horizon)).all()
            for row in dead:
                (self._root / row.path).unlink(missing_ok=True)
            connection.execute(sa.delete(lake_files).where(lake_files.c.id.in_([row.id for row in dead])))
            known = set(connection.execute(sa.select(lake_files.c.path)).scalars())
        strays = [path for path in self._root.glob("workspace=*/**/*") if self._is_stray(path, known, horizon)]
        for path in strays:
            path.unlink(missing_ok=True)
        return len(dead) + len(strays)

    def _is_stray(self, path: Path, known: set[str], horizon: datetime) -> bool:
        name = path.relative_to(self._root).as_posix()
        if not _OUR_FILE.fullmatch(name) or name in known:
            return False
        return path.stat().st_mtime < horizon.timestamp()

    def _folder(self, workspace_id: int, dataset: Dataset, event_class: str, month: str) -> Path:
        folder = self._root / f"workspace={workspace_id}" / dataset.value
        if event_class:
            folder /= f"class={event_class}"
        return folder / f"month={month}" if month else folder


def _write_parquet(table: pa.Table, path: Path, order_by: Sequence[str]) -> None:
    """Write, sync and rename, so that a file under its final name is always whole."""
    temporary = path.with_suffix(".tmp")
    (_write_small if table.num_rows < _FEW_ROWS else _write_large)(table, temporary, order_by)
    sync(temporary)
    temporary.rename(path)
    sync(path.parent)


def _write_small(table: pa.Table, path: Path, order_by: Sequence[str]) -> None:
    """Write without DuckDB, whose start alone takes 20 ms; the encodings are those it chooses, so the file is hardly longer."""
    if order_by:
        table = table.sort_by([(name, "ascending") for name in order_by])
    numbers = [field.name for field in table.schema if field.type == pa.int64() or pa.types.is_timestamp(field.type)]
    pq.write_table(
        table,
        path,
        compression="zstd",
        version="2.6",
        data_page_version="2.0",
        row_group_size=_ROW_GROUP,
        use_dictionary=[name for name in table.column_names if name not in numbers],
        column_encoding=dict.fromkeys(numbers, "DELTA_BINARY_PACKED"),
    )


def _write_large(table: pa.Table, path: Path, order_by: Sequence[str]) -> None:
    """Write with DuckDB, which sorts on the disk what does not fit into memory."""
    order = f" order by {', '.join(order_by)}" if order_by else ""
    options = f"format parquet, compression zstd, parquet_version v2, row_group_size {_ROW_GROUP}"
    with duckdb.connect() as connection:
        connection.register("rows_to_write", table)
        connection.execute(f"copy (select * from rows_to_write{order}) to '{_quoted(path)}' ({options})").fetchall()


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _ranges(table: pa.Table) -> dict[str, Any]:
    """Return the manifest's ranges of time and campaign; absent columns and all-null ones give None (never pruned)."""
    found: dict[str, Any] = {}
    time_column = next((name for name in ("occurred_at", "sent_at") if name in table.column_names), None)
    for column, low, high in ((time_column, "min_at", "max_at"), ("campaign_id", "min_campaign_id", "max_campaign_id")):
        if column is None or column not in table.column_names or table[column].null_count:
            found |= {low: None, high: None}  # a null row must not be pruned away
        else:
            extremes = pc.min_max(table[column])
            found |= {low: extremes["min"].as_py(), high: extremes["max"].as_py()}
    return found
