"""Several receivers on one listening socket: each with a journal of its own, started again when it dies, replaced without a gap.

The socket is one for all of them, not one each (SO_REUSEPORT): what waits in the queue of a socket dies with its process.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from types import FrameType

from tracking_receiver.listening import place_of

_log = logging.getLogger(__name__)

_LOOK_SECONDS = 0.1
_READY_SECONDS = 30.0
_STOP_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
# One that lived this long is well; if it dies after that, the next is started at once.
_WELL_AFTER_SECONDS = 20.0


class Worker:
    """One process that answers.

    Args:
        listening: The socket it answers on.
        life_line: Our end of a pipe that ends with us, however we end.
    """

    def __init__(self, listening: socket.socket, life_line: int) -> None:
        self._ready, theirs = os.pipe()
        passed_on = {"--socket": listening.fileno(), "--parent": life_line, "--ready": theirs}
        options = [word for name, descriptor in passed_on.items() for word in (name, str(descriptor))]
        command = [sys.executable, "-m", "tracking_receiver", *options]
        self.process = subprocess.Popen(command, pass_fds=tuple(passed_on.values()), stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        self.started_at = time.monotonic()
        os.close(theirs)

    def wait_ready(self, stop: threading.Event) -> bool:
        """Return whether it answers before `stop` is set and before patience ends; wait for that."""
        deadline = time.monotonic() + _READY_SECONDS
        while time.monotonic() < deadline and not stop.is_set():
            readable, _, _ = select.select([self._ready], [], [], _LOOK_SECONDS)
            if readable:
                return bool(os.read(self._ready, 1))  # nothing comes from one that ended
        return False

    def forget(self) -> None:
        """Listen to it no more."""
        os.close(self._ready)

    @property
    def lives(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send it a signal if it lives."""
        if self.lives:
            self.process.send_signal(number)


class Workers:
    """Keeps so many receivers running.

    Args:
        listening: What they all answer on.
        count: How many.
    """

    def __init__(self, listening: socket.socket, count: int) -> None:
        self._listening, self._count = listening, count
        self._life_line, self._our_end = os.pipe()
        self._workers: list[Worker] = []
        self._leaving: list[Worker] = []
        self._stop, self._renew = threading.Event(), threading.Event()
        self._pause, self._start_again_at = _FIRST_PAUSE_SECONDS, 0.0

    def run(self) -> None:
        """Start them and stay until SIGTERM or SIGINT; SIGHUP replaces them one by one."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._note)
        _log.info("receiver listens on %s with %d workers", place_of(self._listening), self._count)
        try:
            while not self._stop.wait(_LOOK_SECONDS):
                self._bury()
                if len(self._workers) < self._count and time.monotonic() >= self._start_again_at:
                    self._workers.append(Worker(self._listening, self._life_line))
                if self._renew.is_set():
                    self._renew.clear()
                    self._replace_all()
        finally:
            self._end_all()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        (self._renew if number == signal.SIGHUP else self._stop).set()

    def _bury(self) -> None:
        self._leaving = [worker for worker in self._leaving if worker.lives]
        for worker in [worker for worker in self._workers if not worker.lives]:
            self._workers.remove(worker)
            worker.forget()
            if time.monotonic() - worker.started_at >= _WELL_AFTER_SECONDS:
                self._pause = _FIRST_PAUSE_SECONDS
            self._start_again_at = time.monotonic() + self._pause
            _log.warning("a worker ended (%s), the next starts in %.1f s", worker.process.returncode, self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE_SECONDS)

    def _replace_all(self) -> None:
        """Let each new one answer before the one it replaces leaves; if it can't, the old ones stay."""
        for old in list(self._workers):
            new = Worker(self._listening, self._life_line)
            if not new.wait_ready(self._stop):
                _log.error("a new worker did not begin to answer, the old ones stay")
                new.process.kill()
                new.process.wait()
                new.forget()
                return
            self._workers[self._workers.index(old)] = new
            self._leaving.append(old)
            old.forget()
            old.send(signal.SIGHUP)
        _log.info("all workers were replaced")

    def _end_all(self) -> None:
        everyone = [*self._workers, *self._leaving]
        for worker in everyone:
            worker.send(signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        for worker in everyone:
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
