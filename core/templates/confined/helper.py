"""One confined process, seen from outside: how it is begun, asked, and ended."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import Unavailable
from core.templates.confined.inside import FRAME

_BEGIN = "import sys; sys.path[:] = sys.argv[1:]; from core.templates.confined.inside import serve; serve()"
_START_SECONDS = 60.0
# JSON writes one letter as up to six.
_JSON = 6


@dataclass(frozen=True)
class Limits:
    """What one template may take.

    Args:
        seconds: Of a processor.
        patience: Seconds by the clock; more, for the machine may have other things to do.
        memory: Bytes on top of what the process needs for itself.
        output: Bytes of everything it makes.
    """

    seconds: float = 2.0
    patience: float = 15.0
    memory: int = 512_000_000
    output: int = 2_000_000


class End(StrEnum):
    """Why a helper ended, or has to."""

    TIME = "time"
    MEMORY = "memory"
    DEPTH = "depth"
    OUTPUT = "output"
    CRASH = "crash"
    LOST = "lost"
    """Somebody else ended it: a question can be asked again."""


class Ended(Exception):
    """A helper ended, or has to be ended.

    Args:
        why: Why.
    """

    def __init__(self, why: End) -> None:
        super().__init__(why)
        self.why = why
        self.had_others = False  # whether it had answered other questions before


class Helper:
    """One confined process; used by one thread at a time."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._is_ready = False
        self.asked = 0
        self._channel, theirs = socket.socketpair()
        paths = [str(Path(path).absolute()) for path in sys.path]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-I", "-c", _BEGIN, *paths],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
            )
        except OSError as error:
            self._channel.close()
            raise _not_started() from error
        finally:
            theirs.close()
        told = {"seconds": limits.seconds, "memory": limits.memory, "output": limits.output}
        with contextlib.suppress(OSError):  # that it has ended is found out by who asks it
            self._send(json.dumps(told).encode(), time.monotonic() + _START_SECONDS)

    def ask(self, question: bytes) -> Mapping[str, Any]:
        """Return what the helper answers.

        Raises:
            InvalidInput: If it refuses the template.
            Ended: If it did not live to answer, or must not live on.
            Unavailable: If it does not start.
        """
        self.asked += 1
        try:
            if not self._is_ready:
                self._received(time.monotonic() + _START_SECONDS)
                self._is_ready = True
        except (OSError, ValueError, Ended) as error:
            raise _not_started() from error
        until = time.monotonic() + self._limits.patience
        try:
            self._send(question, until)
            said = self._received(until)
        except TimeoutError as error:
            raise Ended(End.TIME) from error
        except (EOFError, OSError) as error:
            raise Ended(self._why_dead()) from error
        except ValueError as error:
            raise Ended(End.CRASH) from error
        if not isinstance(said, dict):
            raise Ended(End.CRASH)
        if "over" in said:
            raise Ended(End(said["over"]) if said["over"] in list(End) else End.CRASH)
        return said

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._channel.close()

    def let_go(self) -> None:
        """Close our copy of the socket and leave the process to whoever began it."""
        self._channel.close()
        self._process.returncode = 0  # nobody's child here: there is nothing to wait for

    def _why_dead(self) -> End:
        try:
            code = -self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return End.CRASH
        if code in {signal.SIGPROF, signal.SIGXCPU}:
            return End.TIME
        return End.CRASH if code in {signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGTRAP} else End.LOST

    def _send(self, body: bytes, until: float) -> None:
        self._channel.settimeout(_left(until))
        self._channel.sendall(FRAME.pack(len(body)) + body)

    def _received(self, until: float) -> Any:
        size = FRAME.unpack(self._exactly(FRAME.size, until))[0]
        if size > self._limits.output * _JSON:
            raise Ended(End.OUTPUT)
        try:
            return json.loads(self._exactly(size, until))
        except RecursionError as error:
            raise ValueError("nested") from error

    def _exactly(self, size: int, until: float) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            self._channel.settimeout(_left(until))
            part = self._channel.recv(min(size - len(parts), 1 << 20))
            if not part:
                raise EOFError
            parts += part
        return bytes(parts)


def _left(until: float) -> float:
    return max(0.001, until - time.monotonic())


def _not_started() -> Unavailable:
    return Unavailable(
        "The process that checks templates does not start.", hint="Try again; if it stays so, look for memory and processes."
    )
