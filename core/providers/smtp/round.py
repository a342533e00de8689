"""One batch over all connections to a mail server: who opens them, who gives up on them, and when time is up."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from contextlib import suppress

from core.errors import Unavailable
from core.providers.base import OutgoingMessage, Trouble
from core.providers.smtp.conversation import Conversation, Queue
from core.providers.smtp.opening import CannotOpen, Opened, Server, open_connection

# Nothing new is begun after the first, nothing is waited for after the second: a batch is over before its lease (60 s) is.
BUDGET_SECONDS = 25.0
LONGEST_SECONDS = 50.0
# So many times as long as for others we wait for the answer to a whole message: without it nobody knows its outcome.
_PATIENCE = 2.25
_MESSAGES_WORTH_A_CONNECTION = 8
_MOST_LOST = 3


class Round:
    """One batch over all connections.

    Args:
        server: The server.
        pool: The connections that stand; new ones are added.
        most: How many there may be.
        queue: What is to be sent.
        messages: The same.
    """

    def __init__(self, server: Server, pool: list[Opened], most: int, queue: Queue, messages: Sequence[OutgoingMessage]) -> None:
        self._server, self._pool, self._most, self._queue = server, pool, most, queue
        self._messages = {message.message_id: message for message in messages}
        self._wake = asyncio.Event()
        self._talks: list[Conversation] = []
        self._trouble = CannotOpen("The mail server is very slow; the rest waits.", Trouble.CONNECTION)
        self._failed, self._lost = False, 0

    async def run(self) -> CannotOpen:
        """Send; return why what is left in the queue was not tried."""
        loop = asyncio.get_running_loop()
        until = loop.time() + BUDGET_SECONDS
        opening: set[asyncio.Task[None]] = set()
        self._begin(list(self._pool))
        while self._goes_on(opening):
            if loop.time() > until:
                self._queue.is_closed = True
            opening |= self._open_more(opening)
            await self._next_turn()
            opening = {task for task in opening if not task.done()}
            self._break_off_the_silent(loop, until)
        for task in opening:
            task.cancel()
        await asyncio.gather(*opening, return_exceptions=True)
        return self._trouble

    def _goes_on(self, opening: set[asyncio.Task[None]]) -> bool:
        if any(not talk.is_idle for talk in self._talks):
            return True
        return bool(self._queue.waiting) and not self._queue.is_closed and (bool(opening) or bool(self._talks_open()) or self._may_open())

    def _talks_open(self) -> list[Conversation]:
        return [talk for talk in self._talks if talk.is_open]

    def _may_open(self) -> bool:
        """Whether another connection may be tried: not once one failed and none stands."""
        return not self._failed or bool(self._talks_open())

    def _open_more(self, opening: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
        """Open as many connections as what waits is worth; the first alone, for it shows whether there is a server."""
        standing = len(self._talks_open())
        if self._failed or self._queue.is_closed or not self._queue.waiting:
            return set()
        wanted = min(self._most, math.ceil(len(self._messages) / _MESSAGES_WORTH_A_CONNECTION)) if standing else 1
        return {asyncio.ensure_future(self._open()) for _ in range(wanted - standing - len(opening))}

    async def _open(self) -> None:
        try:
            opened = await open_connection(self._server)
        except (CannotOpen, Unavailable) as error:
            self._failed = True
            if not self._talks_open():
                self._trouble = error if isinstance(error, CannotOpen) else CannotOpen(str(error), Trouble.SIGN_IN)
        else:
            self._pool.append(opened)
            self._begin([opened])
        finally:
            self._wake.set()

    def _begin(self, connections: Sequence[Opened]) -> None:
        for opened in connections:
            talk = Conversation(opened, self._queue, self._messages, self._rested)
            self._talks.append(talk)
            talk.start()

    def _rested(self, talk: Conversation) -> None:
        if not talk.is_open:
            self._lost += 1
            if self._lost > _MOST_LOST + len(self._queue.results):
                self._failed = True
                self._trouble = CannotOpen(f"The mail server {self._server.name} takes connections and drops them.", Trouble.CONNECTION)
        self._wake.set()

    async def _next_turn(self) -> None:
        """Wait until a connection has nothing to do or is gone, at most a second; put idle ones to what was given back."""
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(1.0):
                await self._wake.wait()
        if self._queue.waiting and not self._queue.is_closed:
            for talk in self._talks_open():
                if talk.is_idle:
                    talk.start()

    def _break_off_the_silent(self, loop: asyncio.AbstractEventLoop, until: float) -> None:
        """End connections that have not answered for too long; what they had is then uncertain, or tried elsewhere."""
        is_over = loop.time() > until - BUDGET_SECONDS + LONGEST_SECONDS
        for opened in self._pool:
            timeout = self._server.timeout * (_PATIENCE if opened.wire.is_patient else 1)
            if is_over or opened.wire.is_silent(timeout):
                opened.wire.abort()
