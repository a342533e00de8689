"""Finished emails, and a real SMTP server that behaves as a test tells it to."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.providers.base import OutgoingMessage

EMAIL = OutgoingMessage(
    message_id=1,
    workspace_id=7,
    key="1-abc",
    to="ann@example.com",
    from_email="news@shop.example",
    from_name="The Shop",
    subject="Hello",
    html="<p>Hello</p>",
    text="Hello",
    headers={"Message-ID": "<1-abc@shop.example>", "Date": "Sun, 22 Nov 2026 12:00:00 +0000"},
)


def email(number: int, **changes: Any) -> OutgoingMessage:
    """An email of its own for each number."""
    own = {"message_id": number, "key": f"{number}-abc", "to": f"person{number}@example.com"}
    return replace(EMAIL, **(own | changes))


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class MailServer:
    """A real SMTP server; `answers` maps a recipient to what the server says or does at a command."""

    port: int = 0
    received: list[Envelope] = field(default_factory=list)
    connections: int = 0
    answers: dict[tuple[str, str], str] = field(default_factory=dict)

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        answer = self.answers.get(("RCPT", address), "250 OK")
        if answer == "hang up":
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.answers.get(("DATA", envelope.rcpt_tos[0]), "250 Taken")
        if answer == "hang up":
            self.received.append(envelope)  # taken, but the answer never arrives
            server.transport.abort()
        elif answer.startswith("250"):
            self.received.append(envelope)
        return answer


@pytest.fixture
def start_mail_server() -> Iterator[Callable[..., MailServer]]:
    controllers: list[Controller] = []

    def start(**options: Any) -> MailServer:
        server = MailServer()
        server.port = free_port()  # aiosmtpd's controller can't take the port it is given by the system
        controller = Controller(server, hostname="127.0.0.1", port=server.port, **options)
        controller.start()
        controllers.append(controller)
        return server

    yield start
    for controller in controllers:
        controller.stop()


@pytest.fixture
def mail_server(start_mail_server: Callable[..., MailServer]) -> MailServer:
    return start_mail_server()


class OnlyAnn:
    """Signs in one user."""

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        right = isinstance(data, LoginPassword) and data.login == b"ann" and data.password == b"right"
        return AuthResult(success=right, handled=right)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("certificate")
    certificate_path, key_path = folder / "cert.pem", folder / "key.pem"
    certificate_path.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    key_path.write_bytes(private)
    return certificate_path, key_path


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def client_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate[0])
