"""`make bench`: every ratio, side by side in one run on this machine.

    python -m tests.benchmarks [SUITE…] [--record]

With --record the table is added to RESULTS.md with date, machine and versions.
"""

from __future__ import annotations

import importlib
import os
import platform
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

from tests.benchmarks.measure import Result, table

SUITES = (
    "importing",
    "exporting",
    "audience",
    "people",
    "templating",
    "sending",
    "delivering",
    "receiving",
    "reporting",
    "ingesting",
    "dashboards",
    "signing_in",
    "api",
    "esp",
    "editing",
)
RECORD = "--record"
RESULTS = Path(__file__).with_name("RESULTS.md")
VERSIONS = ("duckdb", "jinja2", "polars", "sqlalchemy", "uvicorn", "uvloop")


def main(arguments: list[str]) -> None:
    """Run the suites named, or all."""
    suites = {name: importlib.import_module(f"tests.benchmarks.{name}") for name in _chosen(arguments)}
    _check_programs(suites)
    results: list[Result] = []
    for name, suite in suites.items():
        print(f"… {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="postwright-bench-") as folder:
            results += suite.run(Path(folder))
    text = f"{_heading()}\n\n{table(results)}\n"
    print(text)
    if RECORD in arguments:
        with RESULTS.open("a") as file:
            file.write(f"\n{text}")


def _chosen(arguments: list[str]) -> tuple[str, ...]:
    named = tuple(argument for argument in arguments if argument != RECORD)
    unknown = [name for name in named if name not in SUITES]
    if unknown:
        sys.exit(f"There is no suite “{unknown[0]}”, only {', '.join(SUITES)}.")
    return named or SUITES


def _check_programs(suites: dict[str, ModuleType]) -> None:
    """End here if a suite needs a program that is missing: not after minutes of the suites before it."""
    for name, suite in suites.items():
        missing = [program for program in getattr(suite, "PROGRAMS", ()) if not shutil.which(program)]
        if missing:
            sys.exit(f"The suite “{name}” needs {' and '.join(missing)}: apt-get install {' '.join(missing)}, or name other suites.")


def _heading() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    machine = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"## {datetime.now(UTC):%Y-%m-%d} · {machine}\n\n{packages}"


if __name__ == "__main__":
    main(sys.argv[1:])
