"""One connection to a mail server as it looks on the wire: lines out, replies in (RFC 5321, 4.2)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from core.providers.plain_words import plain

_LONGEST_REPLY = 65_536


class Reply(NamedTuple):
    """A server's reply.

    Args:
        code: Its three digits; 0 where they make no sense.
        text: Its words, lines joined by line breaks.
    """

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Whether it says yes for good (2yz)."""
        return 200 <= self.code < 300

    @property
    def words(self) -> str:
        """The reply on one line, without what is no words."""
        return f"{self.code} {' '.join(plain(self.text).split())}"


class Gone(Exception):
    """The connection is over; the text says why."""


class Wire(asyncio.Protocol):
    """Hands each reply to whoever waits for it, in the order in which they asked.

    Args:
        loop: Where it runs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: deque[Callable[[Reply], None]] = deque()
        self._buffer, self._lines = b"", list[bytes]()
        self._transport: asyncio.Transport | None = None
        self.on_lost: Callable[[str], None] = lambda _reason: None
        self.is_open = False
        self.is_patient = False  # what is waited for may take its time
        self.last_heard = loop.time()
        self._said_last = ""
        self._greeting: asyncio.Future[Reply] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or begin anew inside TLS."""
        self._transport = transport  # type: ignore[assignment]
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Take in what the server says; whole replies go to those who wait."""
        self.last_heard = self._loop.time()
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST_REPLY or len(self._lines) > 1_000:
            self.abort()
            return
        for line in lines:
            self._line(line.rstrip(b"\r"))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the conversation that nothing comes any more."""
        if self.is_open:
            self.is_open = False
            self._waiting.clear()
            if not self._greeting.done():
                self._greeting.set_exception(Gone("the server closed the connection"))
                self._greeting.exception()  # nobody may be waiting for it
            self.on_lost(self._said_last or (str(exc) if exc else "") or "the server closed the connection")

    def write(self, data: bytes, *handlers: Callable[[Reply], None]) -> None:
        """Send bytes; each handler gets one of the replies to them, in order."""
        if not self._waiting:
            self.last_heard = self._loop.time()  # until now there was nothing to hear
        self._waiting.extend(handlers)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def is_silent(self, seconds: float) -> bool:
        """Whether somebody has waited that long without hearing anything."""
        return self.is_open and bool(self._waiting) and self._loop.time() - self.last_heard > seconds

    async def ask(self, line: str) -> Reply:
        """Send one command and return its reply.

        Raises:
            Gone: If the connection ends first.
        """
        return await self._next(f"{line}\r\n".encode())

    async def greeting(self) -> Reply:
        """Return what the server says first, which may have come already.

        Raises:
            Gone: If the connection ends first.
        """
        return await self._greeting

    def upgrade(self, transport: asyncio.Transport) -> None:
        """Go on inside TLS; what was said in the clear before counts no more (RFC 3207, 4.2)."""
        self._transport, self._buffer, self._lines = transport, b"", []

    @property
    def transport(self) -> asyncio.Transport:
        """What carries the bytes."""
        if self._transport is None:
            raise Gone("there is no connection yet")
        return self._transport

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    async def _next(self, data: bytes) -> Reply:
        answer: asyncio.Future[Reply] = self._loop.create_future()

        def lost(reason: str) -> None:
            if not answer.done():
                answer.set_exception(Gone(reason))

        if not self.is_open:
            raise Gone(self._said_last or "the connection is closed")
        before, self.on_lost = self.on_lost, lost
        try:
            self.write(data, lambda reply: None if answer.done() else answer.set_result(reply))
            return await answer
        finally:
            self.on_lost = before

    def _line(self, line: bytes) -> None:
        if line[3:4] == b"-":
            self._lines.append(line[4:])
            return
        if self._lines:
            line, self._lines = line[:4] + b"\n".join([*self._lines, line[4:]]), []
        reply = _reply(line)
        if reply.code == 421:
            self._said_last = reply.words
        if self._waiting:
            self._waiting.popleft()(reply)
        elif not self._greeting.done():
            self._greeting.set_result(reply)


@lru_cache(maxsize=256)
def _reply(line: bytes) -> Reply:
    """Return a whole reply; kept, for a server says the same few to every message."""
    return Reply(int(line[:3]) if line[:3].isdigit() else 0, line[4:].decode("utf-8", "replace"))
