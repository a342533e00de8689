"""Measuring and printing: the median of a few rounds, and rows that carry a ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


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


def table(results: list[Result]) -> str:
    """Return results as a Markdown table."""
    lines = ["| measured | Postwright | compared with | ratio |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {row.what} | {row.ours} | {row.other} | {row.ratio} |" for row in results])
