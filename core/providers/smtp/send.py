"""Deliver over SMTP (RFC 5321): a pool of kept connections, pipelined where the server can, one outcome per recipient."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

import uvloop

from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult
from core.providers.mime import address, to_bytes
from core.providers.progress import UNNOTED, Progress
from core.providers.smtp.conversation import Letter, Queue
from core.providers.smtp.opening import CannotOpen, Opened, Security, Server, SignIn, open_connection
from core.providers.smtp.round import Round
from core.providers.smtp.verp import return_path
from core.providers.smtp.wire import Gone

__all__ = ["Security", "SignIn", "SmtpProvider"]

TIMEOUT_SECONDS = 20.0
CONNECTIONS = 8
LARGEST_BATCH, SMALLEST_BATCH = 500, 20
# As many messages as leave in this time make a batch, so that a pause takes effect soon and a crash leaves little unknown.
BATCH_SECONDS = 4.0
# After this long without work a server may have hung up: ask before the next message is risked.
_STALE_SECONDS = 2.0
_GOODBYE_SECONDS = 1.0


class SmtpProvider:
    """Sends through one mail server. One batch at a time; batches may come from different threads.

    Args:
        host: The server's name.
        port: Its port, usually 587 (STARTTLS) or 465 (TLS).
        security: How the connection is encrypted.
        username: For AUTH; empty means none.
        password: For AUTH; or a function that returns the access token of the moment.
        sign_in: Whether that is a password or an access token.
        connections: How many connections at most.
        bounce_address: Where bounces come back to, with the message's key added (VERP); empty for the sender's own address.
        sign: Returns DKIM headers for a finished message of a domain; None for none.
        timeout: Seconds to wait for an answer.
        tls: The TLS context; the default verifies certificates.
    """

    kind = "smtp"
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(
        self,
        host: str,
        port: int,
        security: Security = Security.STARTTLS,
        username: str = "",
        password: str | Callable[[], str] = "",
        *,
        sign_in: SignIn = SignIn.PASSWORD,
        connections: int = CONNECTIONS,
        bounce_address: str = "",
        sign: Callable[[str, bytes], bytes] | None = None,
        timeout: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        secret = password if callable(password) else lambda: str(password)
        self._server = Server(host, port, security, username, secret, sign_in, timeout, tls or ssl.create_default_context())
        self._most, self._bounce_address, self._sign = connections, bounce_address, sign
        self._loop = uvloop.new_event_loop()
        self._pool: list[Opened] = []
        self._rate = 0.0
        self._used_at = 0.0

    @property
    def batch_size(self) -> int:
        """How many messages one `send` takes: some seconds' worth, as far as the server has shown how fast it is."""
        first = SMALLEST_BATCH * self._most
        return max(SMALLEST_BATCH, min(LARGEST_BATCH, int(self._rate * BATCH_SECONDS) if self._rate else first))

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over; a server that can't be reached leaves the rest untried."""
        began = time.monotonic()
        results = self._loop.run_until_complete(self._send(messages, progress))
        self._used_at = time.monotonic()
        taken = sum(result.attempted for result in results)
        if taken >= SMALLEST_BATCH:
            self._rate = taken / max(self._used_at - began, 1e-3)
        return results

    def check(self) -> None:
        """Do nothing if the server answers and accepts our sign-in.

        Raises:
            Unavailable: If not; says why.
        """
        try:
            self._pool.append(self._loop.run_until_complete(open_connection(self._server)))
        except (CannotOpen, Unavailable) as error:
            raise Unavailable(str(error), hint="Check host, port, encryption and sign-in of this connection.") from error

    def close(self) -> None:
        """Say goodbye and close the connections."""
        if not self._loop.is_closed():
            self._loop.run_until_complete(self._say_goodbye())
            self._loop.close()

    async def _send(self, messages: Sequence[OutgoingMessage], progress: Progress) -> list[SendResult]:
        await self._look_after_pool()
        queue = Queue(deque(messages), self._letter, progress)
        trouble = await Round(self._server, self._pool, self._most, queue, messages).run()
        for message in queue.waiting:
            queue.settle(SendResult(message.message_id, Outcome.RETRY, str(trouble), attempted=False, trouble=trouble.trouble))
        return [queue.results[message.message_id] for message in messages]

    async def _look_after_pool(self) -> None:
        """Forget connections that are gone; ask those that have rested whether they still are."""
        await asyncio.sleep(0)  # what the servers did meanwhile is noticed now
        self._pool = [each for each in self._pool if each.wire.is_open]
        if time.monotonic() - self._used_at > _STALE_SECONDS:
            answers = await asyncio.gather(*(self._still_answers(each) for each in self._pool))
            self._pool = [each for each, answered in zip(self._pool, answers, strict=True) if answered]

    async def _still_answers(self, opened: Opened) -> bool:
        try:
            async with asyncio.timeout(self._server.timeout):
                answered = (await opened.wire.ask("RSET")).is_good
        except (TimeoutError, Gone):
            answered = False
        if not answered:
            opened.wire.abort()
        return answered

    async def _say_goodbye(self) -> None:
        standing = [opened.wire for opened in self._pool if opened.wire.is_open]
        with suppress(TimeoutError):
            async with asyncio.timeout(_GOODBYE_SECONDS):
                await asyncio.gather(*(wire.ask("QUIT") for wire in standing), return_exceptions=True)
        for wire in standing:
            wire.abort()
        while any(wire.is_open for wire in standing):
            await asyncio.sleep(0)
        self._pool.clear()

    def _letter(self, message: OutgoingMessage, takes_utf8: bool) -> Letter:
        """Return a message in the words of SMTP.

        Raises:
            InvalidInput: If it can't be written so, or its address needs what the server does not offer (RFC 6531).
        """
        sender = return_path(self._bounce_address, message.key) or address(message.from_email)
        recipient = address(message.to, allows_utf8=takes_utf8)
        data = to_bytes(message, allows_utf8=takes_utf8)
        if self._sign is not None:
            data = self._sign(address(message.from_email).rpartition("@")[2], data) + data
        option = b"" if recipient.isascii() else b" SMTPUTF8"
        mail, to = f"MAIL FROM:<{sender}>".encode() + option + b"\r\n", f"RCPT TO:<{recipient}>\r\n".encode()
        # No line begins with a dot (see `to_bytes`), so none is to be doubled; the last one ends the message (RFC 5321, 4.5.2).
        return Letter(message.message_id, (mail, to, b"DATA\r\n"), data + b".\r\n")
