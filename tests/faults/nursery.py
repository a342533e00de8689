"""Where processes that are killed come from: forked from one that has everything imported."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.waiting import wait_for


class Nursery:
    """A process that has everything imported and brings forth others by forking: half a second each in place of three or five.

    Args:
        errors: What it says itself goes to the end of this file.
    """

    def __init__(self, errors: Path) -> None:
        command = [sys.executable, "-m", "tests.faults.hasty"]
        with errors.open("ab") as file:
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file)

    def bring_forth(self, environment: Mapping[str, str], log: Path, *part: str) -> int:
        """Start a process and return its number at once."""
        assert self._process.stdin and self._process.stdout
        order = {"environment": dict(environment), "log": str(log), "part": part}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def close(self) -> None:
        """End, with all that still live."""
        assert self._process.stdin and self._process.stdout
        self._process.kill()
        self._process.wait(10)
        self._process.stdin.close()
        self._process.stdout.close()


class Cradle:
    """The processes of one data folder.

    Args:
        nursery: Where they come from.
        environment: Of each of them.
        folder: What they say goes here, a file for each.
    """

    def __init__(self, nursery: Nursery, environment: Mapping[str, str], folder: Path) -> None:
        self._nursery, self._environment, self._folder = nursery, environment, folder
        self._folder.mkdir(exist_ok=True)
        self._logs: dict[int, Path] = {}
        self._numbers = itertools.count()

    def worker(self) -> int:
        """Start a worker and return its process number, once it is at work."""
        pid = self._start("worker")
        wait_for(lambda: " ready" in self._logs[pid].read_text(), "a worker to begin")
        return pid

    def ingester(self) -> int:
        """Start an ingester and return its process number at once."""
        return self._start("ingester")

    def app(self, port: int) -> int:
        """Start the app and return its process number at once."""
        return self._start("app", str(port))

    def kill(self, pid: int, *, may_be_gone: bool = False) -> None:
        """Kill a process without warning.

        Raises:
            AssertionError: If it had ended by itself.
        """
        if may_be_gone and not Path(f"/proc/{pid}").exists():
            return
        self._signal(pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "a killed process to be gone")

    def jump(self, pid: int, *, forward: bool) -> None:
        """Let the clock of a process jump by an hour, for this process alone."""
        self._signal(pid, signal.SIGUSR1 if forward else signal.SIGUSR2)

    def _start(self, *part: str) -> int:
        log = self._folder / f"{next(self._numbers)}-{part[0]}.log"
        log.touch()
        pid = self._nursery.bring_forth(self._environment, log, *part)
        self._logs[pid] = log
        return pid

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            log = self._logs[pid]
            raise AssertionError(f"{log.stem} ended by itself:\n{log.read_text()[-3000:]}") from None
