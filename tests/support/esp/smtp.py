"""A real mail server, and what it was given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core.providers.smtp.send import Security, SmtpProvider
from tests.providers.contract import Rig
from tests.support.esp.outbox import as_delivered
from tests.support.esp.server import Delivered, FakeService
from tests.support.mail_server import MailServer, serving


class Server(FakeService):
    """Judges each recipient for itself."""

    server: MailServer

    @contextmanager
    def running(self) -> Iterator[None]:
        with serving() as self.server:
            self.url = f"127.0.0.1:{self.server.port}"
            yield

    @property
    def delivered(self) -> list[Delivered]:
        mails = [(envelope, as_delivered(bytes(envelope.content or b""), "")) for envelope in self.server.received]
        return [replace(mail, to=to, key=mail.key or mail.headers["Message-ID"]) for envelope, mail in mails for to in envelope.rcpt_tos]

    @delivered.setter
    def delivered(self, _: object) -> None:
        pass

    @property
    def refuses(self) -> set[str]:
        return {recipient for _, recipient in self.server.answers}

    @refuses.setter
    def refuses(self, addresses: set[str]) -> None:
        for one in addresses:
            self.server.answers["RCPT", one] = "550 5.1.1 No such user"


def _connected(url: str, _key: str, timeout: float) -> SmtpProvider:
    host, _, port = url.removeprefix("http://").partition(":")
    return SmtpProvider(host, int(port), Security.NONE, timeout=timeout)


RIG = Rig(kind="smtp", fake=Server, connect=_connected, settings=lambda _: {}, is_batched=False, speaks_http=False)
