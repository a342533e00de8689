"""`make bench`: every ratio, side by side in one run on this machine.

    python -m tests.benchmarks [SUITE…] [--record]

With --record the table is added to RESULTS.md with date, machine and versions.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.measure import Result, table

SUITES = ("importing", "audience", "sending", "receiving", "dashboards")
RESULTS = Path(__file__).with_name("RESULTS.md")
VERSIONS = ("duckdb", "jinja2", "polars", "sqlalchemy", "uvicorn", "uvloop")


def main(arguments: list[str]) -> None:
    """Run the suites named, or all."""
    chosen = [name for name in arguments if name in SUITES] or list(SUITES)
    results: list[Result] = []
    for name in chosen:
        print(f"… {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="postwright-bench-") as folder:
            results += importlib.import_module(f"tests.benchmarks.{name}").run(Path(folder))
    text = f"{_heading()}\n\n{table(results)}\n"
    print(text)
    if "--record" in arguments:
        with RESULTS.open("a") as file:
            file.write(f"\n{text}")


def _heading() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"## {datetime.now(UTC):%Y-%m-%d} · {machine}\n\n{packages}"


if __name__ == "__main__":
    main(sys.argv[1:])
