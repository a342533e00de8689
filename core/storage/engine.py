"""DuckDB in this process: answers questions over exactly the files the manifest lists, never a glob."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from core.storage.database import Database
from core.storage.event_schema import EVENT_SCHEMA, FACT_SCHEMA
from core.storage.lake import Dataset, Lake

_SQL_TYPES = {pa.string(): "varchar", pa.int64(): "bigint", pa.int32(): "integer", pa.float64(): "double"}
_SCHEMAS = {Dataset.EVENTS: EVENT_SCHEMA, Dataset.FACTS: FACT_SCHEMA}


class AnalyticsEngine:
    """One in-memory DuckDB per process, a cursor per session.

    Args:
        lake: Where the files are listed.
        db: The database that holds the list.
        threads: Threads one query may use.
        memory_limit: DuckDB's own limit ("1GB").
    """

    def __init__(self, lake: Lake, db: Database, *, threads: int = 2, memory_limit: str = "1GB") -> None:
        self._lake, self._db = lake, db
        self._config: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "memory_limit": memory_limit,
            "temp_directory": str(lake.spill_dir),  # else it would be the working directory
        }
        self._lock = threading.Lock()
        self._root: duckdb.DuckDBPyConnection | None = None

    @contextmanager
    def session(
        self,
        workspace_id: int,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        campaign_id: int | None = None,
        only_campaigns: Collection[int] | None = None,
    ) -> Iterator[Session]:
        """Yield a session in which `events` and `facts` are this workspace's rows.

        Args:
            workspace_id: Whose rows; other workspaces' files are not even opened.
            since: Files that end before this are left out (rows still need their own condition).
            until: Files that begin at or after this are left out.
            campaign_id: Files that can't hold this campaign are left out.
            only_campaigns: Rows of other campaigns, and of none, are not there; None for every row.
        """
        with self._db.read() as connection:
            listed = {
                dataset: [
                    str(file.path)
                    for file in self._lake.files(connection, workspace_id, dataset, since=since, until=until, campaign_id=campaign_id)
                ]
                for dataset in _SCHEMAS
            }
        cursor = self._cursor()
        try:
            session = Session(cursor)
            for dataset, schema in _SCHEMAS.items():
                session.add_files(dataset.value, listed[dataset], schema, only_campaigns)
            yield session
        finally:
            cursor.close()

    def close(self) -> None:
        """Close the in-memory database; the next session opens a new one."""
        with self._lock:
            if self._root is not None:
                self._root.close()
                self._root = None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._root is None:
                self._root = duckdb.connect(config=self._config)
                self._root.execute("set parquet_metadata_cache = true; set TimeZone = 'UTC'").fetchall()
            return self._root.cursor()


class Session:
    """A cursor with the relations of one workspace; values go in as `$name` parameters only."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def add_files(self, name: str, paths: Sequence[str], schema: pa.Schema, only_campaigns: Collection[int] | None = None) -> None:
        """Make Parquet files readable as the relation `name`; no file means an empty relation of that schema.

        Args:
            name: What queries call it.
            paths: The files.
            schema: The relation's columns; those that no file has, because an earlier release wrote them, are null.
            only_campaigns: Only rows of these campaigns; None for every row.
        """
        if not paths or (only_campaigns is not None and not only_campaigns):
            self.add_table(name, schema.empty_table())
            return
        listed = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
        where = "" if only_campaigns is None else f" where campaign_id in ({', '.join(str(int(one)) for one in sorted(only_campaigns))})"
        read = f"read_parquet([{listed}], union_by_name=true, hive_partitioning=false)"
        present = set(self._cursor.sql(f"select * from {read} limit 0").columns)
        missing = "".join(f", null::{_SQL_TYPES[field.type]} as {field.name}" for field in schema if field.name not in present)
        self._cursor.execute(f'create or replace temp view "{name}" as select *{missing} from {read}{where}')

    def add_table(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable as the relation `name`."""
        self._cursor.register(name, table)

    def define(self, name: str, sql: str) -> None:
        """Make a query readable as the relation `name`; `sql` is ours, never a person's text."""
        self._cursor.execute(f'create or replace temp view "{name}" as {sql}')

    def table(self, sql: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        """Return a query's answer as an Arrow table."""
        return self._cursor.sql(sql, params=dict(values or {})).to_arrow_table()

    def batches(self, sql: str, values: Mapping[str, Any] | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield a query's answer in Arrow batches of about `rows` rows; for answers too large to hold."""
        yield from self._cursor.sql(sql, params=dict(values or {})).to_arrow_reader(rows)

    def rows(self, sql: str, values: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return a query's answer as a list of dicts; for small answers."""
        found: list[dict[str, Any]] = self.table(sql, values).to_pylist()
        return found

    def value(self, sql: str, values: Mapping[str, Any] | None = None) -> Any:
        """Return the first column of the first row, or None."""
        row = self._cursor.execute(sql, dict(values or {})).fetchall()
        return row[0][0] if row else None
