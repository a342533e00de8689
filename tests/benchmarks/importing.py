"""Import a million people of twenty columns: ours, first and again, against DuckDB's bare reading and writing and a row-by-row import."""

from __future__ import annotations

import csv
import json
import random
import sqlite3
import subprocess
import sys
from itertools import islice
from pathlib import Path

import duckdb

from tests.benchmarks.measure import Result, seconds

COUNT = 1_000_000
NAIVE = 4_000
_COLUMNS = (
    *("email", "first_name", "last_name", "city", "zip", "age", "spent", "orders", "vip", "since", "born", "plan", "company", "phone"),
    *("score", "landing_page", "language", "country", "note", "visits"),
)


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    source = folder / "people.csv"
    _write_people(source)
    bare = seconds(lambda: _duckdb_alone(folder, source))
    first, first_memory, again, again_memory = _ours(folder, source)
    bare = min(bare, seconds(lambda: _duckdb_alone(folder, source)))  # before and after: others work on the machine, too
    naive = seconds(lambda: _row_by_row(folder / "naive.db", source), rounds=1) * COUNT / NAIVE
    beside = f"DuckDB CSV → Parquet {bare:.2f} s"
    return [
        Result(
            f"import {COUNT:,} new people × {len(_COLUMNS)}",
            f"{first:.1f} s ({COUNT / first:,.0f}/s)",
            beside,
            f"{first / bare:.1f}× its time",
        ),
        Result("the same file again, nothing changed", f"{again:.1f} s", beside, f"{again / bare:.1f}× its time"),
        Result("import, beside row by row", f"{first:.1f} s", f"a commit per row {naive:.0f} s", f"{naive / first:.0f}× as fast"),
        Result("most memory of the importing process", f"{first_memory:.0f} MB, again {again_memory:.0f} MB", "bound 1,000 MB", ""),
    ]


def _ours(folder: Path, source: Path) -> list[float]:
    """Import twice, each in a process of its own, so that its memory is its own; return seconds and megabytes of each."""
    figures = []
    for _ in range(2):
        command = [sys.executable, "-m", "tests.benchmarks.importing_once", str(folder), str(source)]
        figures += json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return figures


def _write_people(path: Path) -> None:
    """Write people whose addresses are in no order, with numbers, days, names and texts as files have them."""
    dice = random.Random(1)
    numbers = list(range(COUNT))
    dice.shuffle(numbers)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(_person(dice, number) for number in numbers)


def _person(dice: random.Random, number: int) -> tuple[object, ...]:
    day = f"{dice.randrange(1950, 2026)}-{dice.randrange(1, 13):02}-{dice.randrange(1, 29):02}"
    place, sums = dice.choice(("Berlin", "Paris", "São Paulo", "Zürich")), (round(dice.uniform(0, 999), 2), round(dice.uniform(0, 99), 3))
    return (
        *(f"person.{number}@domain{number % 2000}.example", f"First{number % 500}", f"Last{number % 9000}", place, f"{number % 99999:05}"),
        *(dice.randrange(18, 90), sums[0], dice.randrange(50), dice.choice(("yes", "no")), day, day, dice.choice(("free", "pro", "team"))),
        *(f"Company {number % 50000} GmbH", f"+49 30 {number}", sums[1], f"/landing/{number % 500}", dice.choice(("de", "pt-BR"))),
        *(dice.choice(("DE", "BR", "US")), f"met at fair {number % 1000}", dice.randrange(1000)),
    )


def _row_by_row(path: Path, source: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute("create table if not exists contacts(email text primary key, first_name text, last_name text, attributes text)")
    with source.open(newline="") as file:
        for row in islice(csv.DictReader(file), NAIVE):
            known = (row.pop("email"), row.pop("first_name"), row.pop("last_name"))
            connection.execute("insert or replace into contacts values (?, ?, ?, ?)", (*known, json.dumps(row)))
            connection.commit()
    connection.close()


def _duckdb_alone(folder: Path, source: Path) -> None:
    duckdb.sql(f"copy (select * from read_csv('{source}')) to '{folder / 'people.parquet'}' (format parquet)")
