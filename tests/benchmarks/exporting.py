"""Export 1,000,000 people with 20 columns: when the first byte leaves, how long all takes, and what the process holds meanwhile.

Beside it the plain way: `select *` and `csv.writer` into memory, which is what is sent once it is whole.
"""

from __future__ import annotations

import csv
import io
import json
import multiprocessing
import sqlite3
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from core.app import build
from core.permissions import Principal
from core.settings import Settings
from tests.benchmarks.measure import Result, most_memory
from tests.benchmarks.worlds import COUNTRIES, world

COUNT = 1_000_000
_FIELDS = 15
_KEY = "a-key-for-benchmarks-only"


def run(folder: Path) -> list[Result]:
    """Return the results of this suite."""
    workspace_id = _fill(folder)
    plain = _alone(_plainly, folder)
    results = []
    for form in ("csv", "parquet", "xlsx"):
        ours = _alone(_ours, folder, workspace_id, form)
        results.append(
            Result(
                f"export {COUNT:,} people as {form}: first byte",
                f"{ours.first * 1000:.0f} ms, first people {ours.people * 1000:.0f} ms",
                f"select * and csv.writer {plain.first:.1f} s",
                f"{plain.first / ours.people:,.0f}× as soon",
            )
        )
        results.append(
            Result(
                f"export {COUNT:,} people as {form}: all of it",
                f"{ours.whole:.1f} s, process at most {ours.megabytes:.0f} MB",
                f"{plain.whole:.1f} s, {plain.megabytes:.0f} MB",
                f"{ours.whole / plain.whole:.1f}× the time, {ours.megabytes / plain.megabytes:.2f}× the memory",
            )
        )
    return results


class _Figures:
    """What one way took, in a process of its own."""

    def __init__(self, first: float, people: float, whole: float, megabytes: float) -> None:
        self.first, self.people, self.whole, self.megabytes = first, people, whole, megabytes


def _alone(work: Callable[..., tuple[float, float, float]], *given: object) -> _Figures:
    """Do some work in a process that has done nothing else, and return what it took."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_told, args=(theirs, work, *given))
    process.start()
    figures: tuple[float, float, float, float] = ours.recv()
    process.join()
    return _Figures(*figures)


def _told(answer: Connection, work: Callable[..., tuple[float, float, float]], *given: object) -> None:
    times = work(*given)
    answer.send((*times, most_memory()))


def _fill(folder: Path) -> int:
    """Make the people, past the services: that is what other suites measure; return the workspace."""
    services, by = world(folder)
    services.close()
    connection = sqlite3.connect(folder / "data" / "app.db")
    names = [*(f"field_{n}" for n in range(_FIELDS)), "spend"]
    kinds = [(by.workspace_id, name, "number" if name == "spend" else "text", "2026-01-01 00:00:00.000000") for name in names]
    connection.executemany("insert into contact_attributes(workspace_id, name, type, created_at) values (?, ?, ?, ?)", kinds)
    columns = "workspace_id, email, first_name, last_name, attributes, consent, source, created_at, updated_at, updated_seq"
    connection.executemany(f"insert into contacts({columns}) values (?, ?, ?, ?, ?, ?, ?, ?, ?, 1)", _people(by.workspace_id))
    connection.commit()
    connection.close()
    return by.workspace_id


def _people(workspace_id: int) -> Iterator[tuple[object, ...]]:
    moment = "2026-01-01 00:00:00.000000"
    for n in range(COUNT):
        fields = {f"field_{field}": f"{COUNTRIES[(n + field) % len(COUNTRIES)]} {n % 997}" for field in range(_FIELDS)}
        attributes = json.dumps({**fields, "spend": n / 100})
        yield workspace_id, f"p{n}@example.com", f"First{n}", f"Last{n}", attributes, "subscribed", "import:1", moment, moment


def _ours(folder: Path, workspace_id: int, form: str) -> tuple[float, float, float]:
    services = build(Settings.load(data_dir=folder / "data", secret_key=_KEY))
    by = Principal.system(workspace_id, "bench")
    services.exports.check(by, form, 1)  # the app has long loaded what an export is made with
    began = time.perf_counter()
    moments = [time.perf_counter() for _ in services.exports.stream(by, format=form)]
    services.close()
    return moments[0] - began, moments[1] - began, moments[-1] - began


def _plainly(folder: Path) -> tuple[float, float, float]:
    began = time.perf_counter()
    out = io.StringIO()
    writer = csv.writer(out)
    connection = sqlite3.connect(folder / "data" / "app.db")
    for row in connection.execute("select * from contacts").fetchall():
        writer.writerow(row)
    out.getvalue().encode()
    connection.close()
    whole = time.perf_counter() - began
    return whole, whole, whole
