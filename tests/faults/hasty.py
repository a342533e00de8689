"""The program of a nursery: it brings forth processes for whom time flies, so that leases run out and retries come within seconds.

They are the real worker, ingester and app with another clock: everything that reads the time goes by it, in every process alike, until the
clock of one jumps.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core import logs
from core.app import build
from core.cli.supervisor import stop_signals
from core.jobs.worker import run
from core.settings import Settings
from core.ui import server
from core.ui.services import using
from tests.faults.clocks import HastyClock

_SWEEP_SECONDS = 0.3
_PR_SET_PDEATHSIG = 1  # of prctl(2): who started them is gone, so nobody would ever end them
_JUMP = timedelta(hours=1)


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
    with using(build(settings, clock=clock)):
        server.run("127.0.0.1", port)


def _live(order: dict[str, Any]) -> None:
    """Be what was ordered."""
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    settings, clock = Settings.load(), HastyClock.of_environment()
    signal.signal(signal.SIGUSR1, lambda *_: clock.advance(_JUMP))
    signal.signal(signal.SIGUSR2, lambda *_: clock.advance(-_JUMP))
    part, *more = order["part"]
    logs.configure(settings, part)
    parts: dict[str, Callable[[], None]] = {
        "worker": lambda: _work(settings, clock),
        "ingester": lambda: _ingest(settings, clock),
        "app": lambda: _serve(settings, clock, int(more[0])),
    }
    parts[part]()


def main() -> None:
    """Fork a process for every line that is read; nothing but imports has happened before, so that is safe."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries them
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            try:
                _live(json.loads(line))
            except BaseException:
                traceback.print_exc()
            finally:
                logging.shutdown()
                os._exit(1)
        print(pid, flush=True)


if __name__ == "__main__":
    main()
