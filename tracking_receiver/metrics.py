"""What the receiver counts, for Prometheus: numbers alone, nothing about anybody.

Several worker processes may serve one port, and only one of them is asked: each leaves its numbers in a file now and then,
and whoever is asked tells those of all that live, each under its own `worker`.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

_log = logging.getLogger(__name__)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HELP = {
    "postwright_receiver_requests_total": ("counter", "Answered requests by route and status."),
    "postwright_receiver_webhook_reports_total": ("counter", "Reports by provider and what became of them."),
    "postwright_receiver_journal_write_errors_total": ("counter", "Writes to the journal that failed."),
    "postwright_receiver_journal_backlog": ("gauge", "Events in memory that wait for room on the disk."),
    "postwright_receiver_known_links": ("gauge", "Links whose destination is in memory."),
}
Sample = tuple[str, dict[str, str], float]


class Metrics:
    """The numbers of this process.

    Args:
        folder: Where every process leaves its own; made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._requests: Counter[tuple[str, int]] = Counter()
        self._reports: Counter[tuple[str, str]] = Counter()
        self._gauges: list[tuple[str, Callable[[], int]]] = []
        self._is_failing = False

    def count(self, route: str, status: int) -> None:
        """Count an answered request; `route` is a shape, never a path somebody sent."""
        self._requests[route, status] += 1

    def report(self, provider: str, result: str) -> None:
        """Count a report.

        Args:
            provider: A kind of the catalogue.
            result: `taken`, `refused`, `slowed`, `failed`.
        """
        self._reports[provider, result] += 1

    def watch(self, name: str, read: Callable[[], int]) -> None:
        """Tell what `read` returns whenever the numbers are told."""
        self._gauges.append((name, read))

    def leave(self) -> None:
        """Write this process's numbers where the others find them; a failure is logged once."""
        file = self._folder / f"metrics-{os.getpid()}.json"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            temporary = file.with_suffix(".tmp")
            temporary.write_bytes(orjson.dumps(self._samples()))
            temporary.replace(file)
        except OSError as error:
            if not self._is_failing:
                _log.warning("the receiver's numbers can't be written for its other processes: %s", error.strerror)
            self._is_failing = True

    def close(self) -> None:
        """Take them away again."""
        with suppress(OSError):
            (self._folder / f"metrics-{os.getpid()}.json").unlink(missing_ok=True)

    def text(self) -> str:
        """Return the numbers of every process in Prometheus' text format."""
        found = [(os.getpid(), self._samples()), *self._of_others()]
        lines = []
        for name, (kind, words) in _HELP.items():
            lines += [f"# HELP {name} {words}", f"# TYPE {name} {kind}"]
            lines += [_line(name, labels | {"worker": str(pid)}, value) for pid, all_ in found for n, labels, value in all_ if n == name]
        return "\n".join(lines) + "\n"

    def _samples(self) -> list[Sample]:
        requests, reports, *_ = _HELP
        found: list[Sample] = [(requests, {"route": r, "status": str(s)}, n) for (r, s), n in self._requests.copy().items()]
        found += [(reports, {"provider": p, "result": r}, n) for (p, r), n in self._reports.copy().items()]
        return found + [(name, {}, read()) for name, read in self._gauges]

    def _of_others(self) -> list[tuple[int, list[Sample]]]:
        found = []
        for file in sorted(self._folder.glob("metrics-*.json")):
            pid = file.stem.partition("-")[2]
            if not pid.isdigit() or int(pid) == os.getpid():
                continue
            if not _lives(int(pid)):
                with suppress(OSError):
                    file.unlink()
                continue
            with suppress(OSError, ValueError):
                found.append((int(pid), [(name, labels, value) for name, labels, value in orjson.loads(file.read_bytes())]))
        return found


def _line(name: str, labels: dict[str, str], value: float) -> str:
    told = ",".join(f'{label}="{_quoted(word)}"' for label, word in labels.items())
    return f"{name}{{{told}}} {value}"


def _quoted(word: str) -> str:
    return word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
