"""No service: the outbox's folder, read back like mail that arrived."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from pathlib import Path

from core.providers.outbox.send import OutboxProvider
from tests.providers.contract import Rig
from tests.support.esp.server import KEY_HEADER, Delivered, FakeService


def as_delivered(raw: bytes, key: str) -> Delivered:
    """What a mail program makes of an email."""
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    name, address = parseaddr(str(mail["To"]))
    [sender] = mail["From"].addresses
    headers = {header: str(value) for header, value in mail.items()}
    content = {kind: mail.get_body((kind,)) for kind in ("html", "plain")}
    html, text = (part.get_content().replace("\r\n", "\n") if part is not None else "" for part in content.values())
    files = [(str(one.get_filename()), one.get_content_type(), one.get_payload(decode=True)) for one in mail.iter_attachments()]
    shown = f"{sender.display_name} <{sender.addr_spec}>"
    return Delivered(address, shown, str(mail["Subject"]), html, text, headers, headers.get(KEY_HEADER, key), tuple(files), name)


class Folder(FakeService):
    """Takes everything it can write."""

    @contextmanager
    def running(self) -> Iterator[None]:
        with tempfile.TemporaryDirectory() as folder:
            self.url = folder
            yield

    @property
    def delivered(self) -> list[Delivered]:
        return [as_delivered(path.read_bytes(), path.stem) for path in Path(self.url).rglob("*.eml")]

    @delivered.setter
    def delivered(self, _: object) -> None:
        pass


RIG = Rig(
    kind="outbox",
    fake=Folder,
    connect=lambda url, _key, _timeout: OutboxProvider(Path(url)),
    settings=lambda _: {},
    is_batched=False,
    speaks_http=False,
)
