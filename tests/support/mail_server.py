"""A real SMTP server that behaves as a test tells it to."""

from __future__ import annotations

import asyncio
import base64
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailServer:
    """A real SMTP server; `answers` maps a recipient (for MAIL the sender) to what the server says or does at a command.

    `slowness` is how many seconds every message takes; others that come at the same time do not wait for it.
    `before_answer` is called with the number of messages taken, while the sender still waits for the answer to the last one.
    """

    port: int = 0
    received: list[Envelope] = field(default_factory=list)
    connections: int = 0
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    before_answer: Callable[[int], None] | None = None
    pipelines: bool = False
    slowness: float = 0.0

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]] if self.pipelines else responses

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        """Sign in whoever brings the right access token, the way Google and Microsoft take them."""
        right = base64.b64decode(args[1]) == b"user=ann\1auth=Bearer good\1\1"
        return AuthResult(success=right, handled=False)

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self.answers.get(("MAIL", address), "250 OK")
        if answer.startswith("250"):
            envelope.mail_from, envelope.mail_options = address, [*envelope.mail_options, *options]
        return answer

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self.answers.get(("RCPT", address), "250 OK")
        if answer == "hang up":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.get(("DATA", envelope.rcpt_tos[0]), "250 Taken")
        if self.slowness:
            await asyncio.sleep(self.slowness)
        if answer == "hang up":
            self.received.append(envelope)  # taken, but the answer never arrives
            server.transport.abort()
        elif answer.startswith("250"):
            self.received.append(envelope)
        if self.before_answer:
            self.before_answer(len(self.received))
        return answer


class OnlyAnn:
    """Signs in one user."""

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.login == b"ann" and data.password == b"right"
        return AuthResult(success=right, handled=right)


@contextmanager
def serving(**options: Any) -> Iterator[MailServer]:
    """Run a server, on `port` where one is given; the other options go to aiosmtpd."""
    server = MailServer(options.pop("port", None) or free_port())  # aiosmtpd's controller can't take the port it is given by the system
    controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
