"""Import 64,000 people: ours, against a plain row-by-row import, and against DuckDB's bare reading and writing of the file."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from pathlib import Path

import duckdb

from tests.benchmarks.measure import Result, seconds
from tests.benchmarks.worlds import people_csv, world

COUNT = 64_000
NAIVE = 4_000


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    data = people_csv(COUNT)
    services, by = world(folder)
    mapping = services.imports.inspect(by, data).mapping
    ours = seconds(lambda: services.imports.run(by, data, "people.csv", list_name="People", mapping=mapping), rounds=1)
    again = seconds(lambda: services.imports.run(by, data, "people.csv", list_name="People", mapping=mapping), rounds=1)
    naive = seconds(lambda: _row_by_row(folder / "naive.db", people_csv(NAIVE)), rounds=1) * COUNT / NAIVE
    bare = seconds(lambda: _duckdb_alone(folder, data))
    services.close()
    return [
        Result(
            f"import {COUNT:,} new people",
            f"{ours:.2f} s ({COUNT / ours:,.0f}/s)",
            f"a commit per row {naive:.1f} s",
            f"{naive / ours:.0f}× as fast",
        ),
        Result("the same file again, nothing changed", f"{again:.2f} s", f"first import {ours:.2f} s", f"{again / ours:.2f}×"),
        Result("import, beside bare reading", f"{ours:.2f} s", f"DuckDB CSV → Parquet {bare:.2f} s", f"{ours / bare:.1f}× its time"),
    ]


def _row_by_row(path: Path, data: bytes) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table if not exists contacts(email text primary key, first_name text, last_name text, attributes text)")
    for row in csv.DictReader(io.StringIO(data.decode())):
        known = (row.pop("email"), row.pop("first_name"), row.pop("last_name"))
        connection.execute("insert or replace into contacts values (?, ?, ?, ?)", (*known, json.dumps(row)))
        connection.commit()
    connection.close()


def _duckdb_alone(folder: Path, data: bytes) -> None:
    source, target = folder / "people.csv", folder / "people.parquet"
    source.write_bytes(data)
    duckdb.sql(f"copy (select * from read_csv('{source}')) to '{target}' (format parquet)")
