"""A worker for whom time flies, so that leases run out and retries come within seconds; run as a program, it brings forth such workers.

It is the real worker with another clock: everything that reads the time goes by it, in every process alike.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core import logs
from core.app import build
from core.cli.supervisor import stop_signals
from core.jobs.worker import run
from core.settings import Settings
from tests.support.waiting import wait_for

_SINCE, _FACTOR = "TEST_HASTE_SINCE", "TEST_HASTE_FACTOR"
_SWEEP_SECONDS = 0.3
_PR_SET_PDEATHSIG = 1  # of prctl(2): who started them is gone, so nobody would ever end them


class HastyClock:
    """A clock that runs faster than the world from some moment on; the same for all who know that moment.

    Args:
        since: When it began to hurry.
        factor: How many seconds go by for it in one of ours.
    """

    def __init__(self, since: datetime, factor: float) -> None:
        self._since, self._factor = since, factor
        self.ahead = timedelta()

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._since + (datetime.now(UTC) - self._since) * self._factor + self.ahead

    def advance(self, by: timedelta) -> None:
        """Jump forward; only for whoever holds this very clock."""
        self.ahead += by

    def variables(self) -> dict[str, str]:
        """Return the environment by which a process takes the same clock."""
        return {_SINCE: self._since.isoformat(), _FACTOR: str(self._factor)}

    @classmethod
    def of_environment(cls) -> HastyClock:
        """Return the clock the environment tells of."""
        return cls(datetime.fromisoformat(os.environ[_SINCE]), float(os.environ[_FACTOR]))


class Nursery:
    """A process that has everything imported and brings forth workers by forking: half a second each in place of three.

    Args:
        environment: Of the workers.
        log: What they say goes to the end of this file.
    """

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        command = [sys.executable, "-m", "tests.faults.hasty"]
        with log.open("ab") as file:
            self._process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file)

    def worker(self) -> int:
        """Start a worker and return its process number, once it is at work."""
        assert self._process.stdin and self._process.stdout
        before = self._ready()
        self._process.stdin.write(b"\n")
        self._process.stdin.flush()
        pid = int(self._process.stdout.readline())
        wait_for(lambda: self._ready() > before, f"a worker to begin\n{self.log.read_text()[-3000:]}")
        return pid

    def kill(self, pid: int) -> None:
        """Kill a worker without warning.

        Raises:
            AssertionError: If it had ended by itself.
        """
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            raise AssertionError(f"a worker ended by itself:\n{self.log.read_text()[-3000:]}") from None
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "a killed worker to be gone")

    def close(self) -> None:
        """End, with all workers that still live."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _ready(self) -> int:
        return self.log.read_bytes().count(b" ready")


def _work() -> None:
    """Work until told to stop."""
    settings = Settings.load()
    logs.configure(settings, "worker")
    services = build(settings, clock=HastyClock.of_environment())
    with stop_signals() as stop:
        run(services, stop, sweep_seconds=_SWEEP_SECONDS)


def main() -> None:
    """Fork a worker for every line that is read; nothing but imports has happened before, so that is safe."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            try:
                _work()
            finally:
                logging.shutdown()
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
