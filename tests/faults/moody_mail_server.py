"""A mail server that may take a message and hang up, answer late, half, twice or never, and remembers all it ever took."""

from __future__ import annotations

import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum

from tests.support.waiting import wait_for

_KEY = re.compile(rb"^X-Postwright-Message: ([0-9]+-[0-9a-f]{12})\r$", re.MULTILINE)


class Mood(StrEnum):
    """What the server does with a message."""

    TAKE = "takes it and says so"
    LATE = "takes it and says so late"
    GONE = "takes it and hangs up instead of an answer"
    RESET = "takes it and resets the connection"
    HALF = "takes it and hangs up in the middle of the answer"
    TWICE = "takes it and says so twice"
    NEVER = "takes it and says nothing any more"
    NONSENSE = "takes it and says what is no answer"
    DROP = "hangs up in the middle of the text and takes nothing"
    RECIPIENT_LATER = "450 to the recipient"
    RECIPIENT_NEVER = "550 to the recipient"
    BUSY = "451 to the text"
    BUSY_LATE = "451 to the text, late"
    FULL = "452 to the text"
    SPAM = "554 to the text"
    CLOSING = "421 to the text, and hangs up"


_ENVELOPE = {Mood.RECIPIENT_LATER: b"450 4.2.0 Come back later\r\n", Mood.RECIPIENT_NEVER: b"550 5.1.1 No such user\r\n"}
_NOT_TAKEN = {
    Mood.BUSY: b"451 4.3.0 Try again later\r\n",
    Mood.BUSY_LATE: b"451 4.3.0 Try again later\r\n",
    Mood.FULL: b"452 4.3.1 No room\r\n",
    Mood.SPAM: b"554 5.7.1 Not wanted\r\n",
    Mood.CLOSING: b"421 4.3.2 Closing\r\n",
}
_SAID = {Mood.HALF: b"25", Mood.TWICE: b"250 2.0.0 Taken\r\n250 2.0.0 Taken\r\n", Mood.NONSENSE: b"what?\r\n"}
_LATE = (Mood.LATE, Mood.BUSY_LATE)
_OK, _GO_ON = b"250 2.0.0 OK\r\n", b"354 Go on\r\n"
# Out of a hundred messages; the others are taken as they should be.
COMMON = {mood: 1 for mood in Mood if mood not in (Mood.TAKE, Mood.LATE)} | {Mood.LATE: 3}


class MoodyMailServer:
    """A server on loopback that pipelines.

    Args:
        dice: Decides, so that a storm can be told by its number.
    """

    def __init__(self, dice: random.Random) -> None:
        self.port = 0
        self.taken: Counter[str] = Counter()
        self.is_moody = True
        self.moods = dict(COMMON)
        # What it does with the next messages, before the dice are asked.
        self.next: deque[Mood] = deque()
        self.shown: Counter[Mood] = Counter()
        self.seconds_each = 0.02
        self.latest_seconds = 4.0
        self._dice = dice
        self._loop = asyncio.new_event_loop()
        self._open: set[asyncio.StreamWriter] = set()

    def keys(self) -> Counter[str]:
        """How often each message was taken."""
        return Counter(self.taken)

    def behave(self) -> None:
        """From now on take every message and say so; who had begun before has been served when this returns."""
        self.is_moody = False
        self.next.clear()
        self.seconds_each = 0.001
        wait_for(lambda: not self._open, "the mail server to come to rest")

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run on loopback."""
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        server = asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20), self._loop).result(10)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(self._close(server), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()

    async def _close(self, server: asyncio.Server) -> None:
        server.close()
        for writer in list(self._open):
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError, _HungUp):  # cancelled only as all ends
                writer.write(b"220 moody.example\r\n")
                await self._converse(reader, writer)
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mood, has_recipient = Mood.TAKE, False
        while line := (await reader.readline()).upper():
            if line.startswith(b"EHLO"):
                writer.write(b"250-moody.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
            elif line.startswith(b"RCPT"):
                mood = self._mood()
                has_recipient = mood not in _ENVELOPE
                writer.write(_ENVELOPE.get(mood, _OK))
            elif line.startswith(b"DATA") and not has_recipient:
                writer.write(b"503 5.5.1 No recipient\r\n")
            elif line.startswith(b"DATA"):
                writer.write(_GO_ON)
                await self._text(mood, reader, writer)
                has_recipient = False
            elif line.startswith(b"QUIT"):
                return
            else:
                writer.write(_OK)

    async def _text(self, mood: Mood, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if mood is Mood.DROP:
            await reader.readline()
            raise _HungUp
        text = await reader.readuntil(b"\r\n.\r\n")
        await asyncio.sleep(self._dice.expovariate(1 / self.seconds_each))
        if mood in _NOT_TAKEN:
            await self._dawdle(mood)
            writer.write(_NOT_TAKEN[mood])
            if mood is Mood.CLOSING:
                await writer.drain()
                writer.close()
                raise _HungUp
            return
        found = _KEY.search(text)
        assert found, "a message without its key"
        self.taken[found[1].decode()] += 1
        await self._answer(mood, reader, writer)

    async def _answer(self, mood: Mood, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if mood is Mood.RESET:
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if mood in (Mood.GONE, Mood.RESET):
            raise _HungUp
        if mood is Mood.NEVER:
            while await reader.read(2**16):  # until the client gives up, or is killed
                pass
            raise _HungUp
        await self._dawdle(mood)
        writer.write(_SAID.get(mood, _OK))
        await writer.drain()
        if mood is Mood.HALF:
            writer.close()
            raise _HungUp

    async def _dawdle(self, mood: Mood) -> None:
        if mood in _LATE:
            await asyncio.sleep(self._dice.uniform(0.1, 1.0) * self.latest_seconds)

    def _mood(self) -> Mood:
        mood = Mood.TAKE
        if self.next:
            mood = self.next.popleft()
        elif self.is_moody:
            rest = max(0, 100 - sum(self.moods.values()))
            [mood] = self._dice.choices([Mood.TAKE, *self.moods], [rest, *self.moods.values()])
        self.shown[mood] += 1
        return mood


class _HungUp(Exception):
    """This connection is over."""
