"""Processes for whom time flies, so that leases run out and retries come within seconds; run as a program, it brings forth such ones.

They are the real worker, ingester and app with another clock: everything that reads the time goes by it, in every process alike, until the
clock of one jumps.
"""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
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
_JUMP = timedelta(hours=1)


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
    """A process that has everything imported and brings forth others by forking: half a second each in place of three.

    Args:
        environment: Of the processes.
        log: What they say goes to the end of this file.
        has_app: Whether it can bring forth the app, which has more to import.
    """

    def __init__(self, environment: Mapping[str, str], log: Path, *, has_app: bool = False) -> None:
        self.log = log
        command = [sys.executable, "-m", "tests.faults.hasty", *(["with-app"] if has_app else [])]
        with log.open("ab") as file:
            self._process = subprocess.Popen(command, env=dict(environment), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=file)

    def worker(self) -> int:
        """Start a worker and return its process number, once it is at work."""
        before = self._ready()
        pid = self._bring_forth("worker")
        wait_for(lambda: self._ready() > before, f"a worker to begin\n{self.log.read_text()[-3000:]}")
        return pid

    def ingester(self) -> int:
        """Start an ingester and return its process number at once."""
        return self._bring_forth("ingester")

    def app(self, port: int) -> int:
        """Start the app and return its process number at once."""
        return self._bring_forth(f"app {port}")

    def kill(self, pid: int) -> None:
        """Kill a process without warning.

        Raises:
            AssertionError: If it had ended by itself.
        """
        self._signal(pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{pid}").exists(), "a killed process to be gone")

    def jump(self, pid: int, *, forward: bool) -> None:
        """Let the clock of a process jump by an hour, for this process alone."""
        self._signal(pid, signal.SIGUSR1 if forward else signal.SIGUSR2)

    def close(self) -> None:
        """End, with all that still live."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()

    def _bring_forth(self, what: str) -> int:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()
        return int(self._process.stdout.readline())

    def _signal(self, pid: int, number: signal.Signals) -> None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            raise AssertionError(f"a process ended by itself:\n{self.log.read_text()[-3000:]}") from None

    def _ready(self) -> int:
        return self.log.read_bytes().count(b" ready")


def _work(settings: Settings, clock: HastyClock) -> None:
    """Work until told to stop."""
    services = build(settings, clock=clock)
    with stop_signals() as stop:
        run(services, stop, sweep_seconds=_SWEEP_SECONDS)


def _ingest(settings: Settings, clock: HastyClock) -> None:
    services = build(settings, clock=clock)
    with stop_signals() as stop:
        services.ingester.run(stop)


def _serve(settings: Settings, clock: HastyClock, port: int) -> None:
    from core.ui import server
    from core.ui.services import using

    with using(build(settings, clock=clock)):
        server.run("127.0.0.1", port)


def _live(order: list[str]) -> None:
    """Be what was ordered."""
    settings, clock = Settings.load(), HastyClock.of_environment()
    signal.signal(signal.SIGUSR1, lambda *_: clock.advance(_JUMP))
    signal.signal(signal.SIGUSR2, lambda *_: clock.advance(-_JUMP))
    logs.configure(settings, order[0])
    parts: dict[str, Callable[[], None]] = {
        "worker": lambda: _work(settings, clock),
        "ingester": lambda: _ingest(settings, clock),
        "app": lambda: _serve(settings, clock, int(order[1])),
    }
    parts[order[0]]()


def main() -> None:
    """Fork a process for every line that is read; nothing but imports has happened before, so that is safe."""
    if "with-app" in sys.argv:
        import core.ui.server  # noqa: F401 - forked with it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            try:
                _live(line.split())
            except BaseException:
                logging.getLogger(__name__).exception("a process of the tests ended")
            finally:
                logging.shutdown()
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
