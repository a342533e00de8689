"""Finished emails, and a mail server with or without a certificate."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.providers.base import OutgoingMessage
from core.providers.content import Filled
from tests.support.mail_server import MailServer, serving

EMAIL = OutgoingMessage(
    message_id=1,
    workspace_id=7,
    key="1-abc",
    to="ann@example.com",
    from_email="news@shop.example",
    from_name="The Shop",
    subject="Hello",
    html=Filled.whole("<p>Hello</p>"),
    text=Filled.whole("Hello"),
    headers={"Message-ID": "<1-abc@shop.example>", "Date": "Sun, 22 Nov 2026 12:00:00 +0000"},
)


def email(number: int, **changes: Any) -> OutgoingMessage:
    """An email of its own for each number."""
    own = {"message_id": number, "key": f"{number}-abc", "to": f"person{number}@example.com"}
    given = {name: Filled.whole(value) if name in {"html", "text"} and isinstance(value, str) else value for name, value in changes.items()}
    return replace(EMAIL, **(own | given))


@pytest.fixture
def start_mail_server() -> Iterator[Callable[..., MailServer]]:
    with ExitStack() as running:
        yield lambda **options: running.enter_context(serving(**options))


@pytest.fixture
def mail_server(start_mail_server: Callable[..., MailServer]) -> MailServer:
    return start_mail_server()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    return make_certificate(tmp_path_factory.mktemp("certificate"), timedelta(days=2))


def make_certificate(folder: Path, lasts: timedelta) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that ends so long from now, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=10))
        .not_valid_after(now + lasts)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
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
