"""One visit to a mailbox: however its server answers, it takes so long, so many bytes and so many lines, and no more.

The libraries that read mailboxes wait for each byte anew, and keep whatever a server says. So they read through this.
"""

from __future__ import annotations

import io
import socket
import time
from dataclasses import dataclass


class TooMuch(OSError):
    """A server says more than it was asked for."""

    def __init__(self) -> None:
        super().__init__("the answer is too long")


@dataclass(frozen=True)
class Bounds:
    """What a server may say.

    Args:
        answer_bytes: How much in answer to one command.
        answer_lines: In how many lines.
        line_bytes: How long a line may be.
        visit_bytes: How much in all.
    """

    answer_bytes: int
    answer_lines: int
    line_bytes: int
    visit_bytes: int


class Visit:
    """Reads what a server says.

    Args:
        bounds: How much that may be.
        timeout: Seconds to wait for more.
        longest: Seconds after which the visit is over.
    """

    def __init__(self, bounds: Bounds, timeout: float, longest: float) -> None:
        self._bounds, self._timeout = bounds, timeout
        self._until = time.monotonic() + longest
        self._bytes = self._lines = self._all = 0
        self._read_from: socket.socket | None = None
        self._buffered: io.BufferedReader[_Raw] | None = None

    def begin_command(self) -> None:
        """Count anew: something else is asked."""
        self._bytes = self._lines = 0

    def line(self, sock: socket.socket) -> bytes:
        """Return the next line with its end; empty where nothing comes any more.

        Raises:
            OSError: If it is too long or too late.
        """
        self._lines += 1
        line = self._reader(sock).readline(self._bounds.line_bytes + 1)
        if len(line) > self._bounds.line_bytes or self._lines > self._bounds.answer_lines:
            raise TooMuch
        return line

    def exactly(self, sock: socket.socket, size: int) -> bytes:
        """Return so many bytes, or as many as come.

        Raises:
            OSError: If they are too many or too late.
        """
        if size > self._bounds.answer_bytes:
            raise TooMuch
        return self._reader(sock).read(size)

    def into(self, sock: socket.socket, buffer: memoryview) -> int:
        """Read what comes next, within what is left."""
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(min(self._timeout, left))
        size = sock.recv_into(buffer)
        self._bytes, self._all = self._bytes + size, self._all + size
        if self._bytes > self._bounds.answer_bytes or self._all > self._bounds.visit_bytes:
            raise TooMuch
        return size

    def _reader(self, sock: socket.socket) -> io.BufferedReader[_Raw]:
        """Return what reads from a socket; inside TLS, what was said in the clear before counts no more."""
        if self._buffered is None or self._read_from is not sock:
            self._read_from, self._buffered = sock, io.BufferedReader(_Raw(self, sock))
        return self._buffered


class _Raw(io.RawIOBase):
    def __init__(self, visit: Visit, sock: socket.socket) -> None:
        self._visit, self._sock = visit, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        return self._visit.into(self._sock, buffer)
