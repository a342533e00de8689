"""Measuring and printing: the median of a few rounds, and rows that carry a ratio."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """One line of the table.

    Args:
        what: What was measured.
        ours: Our figure with its unit.
        other: What it is compared with, and its figure.
        ratio: The comparison in words ("41× the naive loop").
    """

    what: str
    ours: str
    other: str
    ratio: str


def seconds(work: Callable[[], object], *, rounds: int = 3) -> float:
    """Return the median time of some work, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def most_memory() -> float:
    """Return the most memory this process has held, in megabytes.

    Linux counts in `ru_maxrss` also what a process's parent held when it began it; `VmHWM` does not.
    """
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)


def table(results: list[Result]) -> str:
    """Return results as a Markdown table."""
    lines = ["| measured | Postwright | compared with | ratio |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.ours} | {row.other} | {row.ratio} |" for row in results])
