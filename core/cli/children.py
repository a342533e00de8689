"""A child process under supervision: started, watched, restarted with growing patience, and never left behind."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

logger = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# A child that lived this long is well: if it dies after that, it is restarted at once again.
HEALTHY_AFTER_SECONDS = 20.0


@dataclass(frozen=True)
class Part:
    """One process of the product.

    Args:
        name: What it is called in logs.
        arguments: What follows `python` on its command line.
        health: A URL that answers 200 when it works, or "" where being alive is enough.
    """

    name: str
    arguments: Sequence[str]
    health: str = ""


class Child:
    """A part that is kept running.

    Args:
        part: What to run.
        environment: Its environment variables.
    """

    def __init__(self, part: Part, environment: dict[str, str]) -> None:
        self.part = part
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._pause = FIRST_PAUSE_SECONDS
        self._start_again_at = 0.0

    def start(self) -> None:
        """Start it. It dies with us, also if we are killed; its stdout joins our stderr: stdout is for the answer."""
        command = [sys.executable, "-m", "core.cli.tethered", str(os.getpid()), *self.part.arguments]
        self._process = subprocess.Popen(  # noqa: S603 - our own programs
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,  # Ctrl-C reaches only the supervisor, which then stops its children in order
        )
        self._started_at = time.monotonic()

    def look_after(self) -> None:
        """Restart it if it died, but not sooner than its pause allows."""
        if self._process is None:
            if time.monotonic() >= self._start_again_at:
                self.start()
            return
        code = self._process.poll()
        if code is None:
            return
        if time.monotonic() - self._started_at >= HEALTHY_AFTER_SECONDS:
            self._pause = FIRST_PAUSE_SECONDS
        logger.warning("%s ended (%s), starts again in %.1f s", self.part.name, _ending(code), self._pause)
        self._process = None
        self._start_again_at = time.monotonic() + self._pause
        self._pause = min(self._pause * 2, LONGEST_PAUSE_SECONDS)

    def ask_to_stop(self) -> None:
        """Send SIGTERM if it runs."""
        if self._process and self._process.poll() is None:
            self._process.terminate()

    def make_stop(self, seconds: float) -> None:
        """Wait for it to end, at most so long, then kill it with everything it started."""
        if self._process is None:
            return
        try:
            self._process.wait(max(seconds, 0.0))
        except subprocess.TimeoutExpired:
            logger.warning("%s did not stop in time and was killed", self.part.name)
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None


def _ending(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
