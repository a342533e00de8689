"""HTTP/1.1 as both servers speak it: uvicorn's, with bounds on what a client may send before anybody knows who it is."""

from __future__ import annotations

import asyncio
from typing import ClassVar
from weakref import WeakKeyDictionary

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

HEADER_BYTES = 32 * 1024
HEADER_SECONDS = 10
# A client that reads nothing of what waits for it for this long is let go; what it would have got takes memory.
STALL_SECONDS = 60
# What a header costs us beyond its letters: many empty ones are a long head too.
_HEADER_OVERHEAD = 4
_NEVER = 1 << 62


class Sweep:
    """Looks once a second for connections that are overdue: a timer for each request would cost more than many an answer.

    Args:
        loop: The event loop of the server.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.tick = 0
        self._loop = loop
        self._watched: set[BoundedProtocol] = set()
        self._is_running = False

    def watch(self, connection: BoundedProtocol) -> None:
        """Look after a connection until it is forgotten."""
        self._watched.add(connection)
        if not self._is_running:
            self._is_running = True
            self._loop.call_later(1, self._look)

    def forget(self, connection: BoundedProtocol) -> None:
        """Look after it no more."""
        self._watched.discard(connection)

    def _look(self) -> None:
        self.tick += 1
        for connection in list(self._watched):
            connection.end_if_overdue(self.tick)
        self._is_running = bool(self._watched)
        if self._is_running:
            self._loop.call_later(1, self._look)


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with bounds it lacks: a head's size and time, a body nobody waits for, an answer nobody reads."""

    _sweeps: ClassVar[WeakKeyDictionary[ServerState, Sweep]] = WeakKeyDictionary()
    _sweep: Sweep
    _head_bytes = 0
    _due = _NEVER
    _stalled_until = _NEVER

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._sweep = self._sweeps.setdefault(self.server_state, Sweep(self.loop))
        self._sweep.watch(self)
        self.expect_within(HEADER_SECONDS)

    def expect_within(self, seconds: int) -> None:
        """End the connection unless what it has to send is here within so many seconds, give or take one."""
        self._due = self._sweep.tick + seconds + 1

    def end_if_overdue(self, tick: int) -> None:
        """End the connection if its client has been waited for too long."""
        if tick >= self._stalled_until:
            self.transport.abort()
        elif tick >= self._due:
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to count and to wait for the rest of the head."""
        super().on_message_begin()
        self._head_bytes = 0
        self.expect_within(HEADER_SECONDS)

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._count(len(name) + len(value) + _HEADER_OVERHEAD)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop waiting: from here on the keep-alive and body timeouts count."""
        self._due = _NEVER
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        """Wait for the rest of a body that was answered before its end, but not for ever."""
        super().on_response_complete()
        if self.cycle.response_complete and self.cycle.more_body:
            self.expect_within(HEADER_SECONDS)

    def on_message_complete(self) -> None:
        """Go on to the next request; if this one is answered already, uvicorn's own timer has been stopped by its body."""
        super().on_message_complete()
        if self.cycle is not None and self.cycle.response_complete:  # a request to upgrade to a websocket has none
            self.expect_within(self.timeout_keep_alive)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._stalled_until = self._sweep.tick + STALL_SECONDS + 1

    def resume_writing(self) -> None:
        """Stop waiting: it reads."""
        super().resume_writing()
        self._stalled_until = _NEVER

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to another protocol."""
        super().handle_websocket_upgrade()
        self._sweep.forget(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._sweep.forget(self)
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEADER_BYTES:
            raise ValueError("the head of the request is too long")  # uvicorn answers 400 and closes
