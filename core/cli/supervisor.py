"""The supervisor: starts the parts of the product, restarts what dies, and stops all of them together."""

from __future__ import annotations

import errno
import http.client
import logging
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from urllib.parse import urlsplit

from core.cli.children import Child, Part
from core.errors import Conflict, Unavailable

logger = logging.getLogger(__name__)

STOP_SECONDS = 15.0
_LOOK_SECONDS = 0.2
_HEALTH_SECONDS = 90.0


class Supervisor:
    """Keeps the parts running until it is told to stop.

    Args:
        parts: What to run; started in this order, stopped all at once.
        environment: Environment variables of every part.
    """

    def __init__(self, parts: Sequence[Part], environment: dict[str, str]) -> None:
        self._children = [Child(part, environment) for part in parts]

    def run(self, stop: threading.Event, when_ready: Callable[[list[str]], None]) -> None:
        """Start everything and stay until `stop` is set; then nothing of it is left.

        Args:
            stop: Set by a signal.
            when_ready: Called once, with the names of parts that did not become healthy in time.
        """
        patience = time.monotonic() + _HEALTH_SECONDS
        waiting = [child.part for child in self._children if child.part.health]
        told = False
        try:
            for child in self._children:
                child.start()
            while not stop.wait(_LOOK_SECONDS):
                for child in self._children:
                    child.look_after()
                waiting = [part for part in waiting if not is_healthy(part.health)]
                if not told and (not waiting or time.monotonic() > patience):
                    told = True
                    when_ready([part.name for part in waiting])
        finally:
            self.stop()

    def stop(self) -> None:
        """Ask every part to stop, wait, and kill what does not."""
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.make_stop(deadline - time.monotonic())


@contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Yield an event that Ctrl-C, SIGTERM and the closing of the terminal set; the main thread only."""
    stop = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def is_healthy(url: str) -> bool:
    """Return whether a URL of ours answers 200 within a second."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=1)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def require_port(host: str, port: int, *, option: str, seconds: float = 3.0) -> None:
    """Do nothing if a port is free, or becomes free soon: the parts of a killed supervisor need a moment to end.

    Args:
        host: The address to listen on.
        port: The port.
        option: The command-line option that chooses another.
        seconds: How long to wait for it.

    Raises:
        Conflict: If something else listens there.
        Unavailable: If this address can't be listened on at all.
    """
    deadline = time.monotonic() + seconds
    while (problem := port_problem(host, port)) == errno.EADDRINUSE and time.monotonic() < deadline:
        time.sleep(0.1)
    if problem == errno.EADDRINUSE:
        hint = f"Stop that program, or choose another port with {option}."
        raise Conflict(f"Port {port} on {host} is used by another program.", hint=hint)
    if problem in (errno.EACCES, errno.EPERM):
        raise Unavailable(f"Port {port} needs more rights than this user has.", hint=f"Choose one above 1023 with {option}.")
    if problem:
        raise Unavailable(f"This machine can't listen on {host}.", hint="Choose another address with --host.")


def port_problem(host: str, port: int) -> int:
    """Return 0 if a port can be listened on, else the system's error number."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a connection's aftermath is no listener
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return 0
