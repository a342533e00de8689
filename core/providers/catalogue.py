"""Every kind of provider there is, with what a person has to enter for it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.providers.base import Provider, ProviderField, ProviderKind
from core.providers.outbox.send import OutboxProvider
from core.providers.smtp.send import Security, SmtpProvider

OUTBOX_FOLDER = "outbox"


def _build_outbox(_values: Mapping[str, Any], data_dir: Path) -> Provider:
    return OutboxProvider(data_dir / OUTBOX_FOLDER)


def _build_smtp(values: Mapping[str, Any], _data_dir: Path) -> Provider:
    security = Security(values["security"])
    return SmtpProvider(values["host"], values["port"], security, values["username"], values["password"])


OUTBOX = ProviderKind(
    kind="outbox",
    label="Outbox (sandbox)",
    summary="Keeps every email as a file you can open here; nothing leaves this machine.",
    fields=(),
    build=_build_outbox,
)

SMTP = ProviderKind(
    kind="smtp",
    label="SMTP server",
    summary="Sends through any mail server that speaks SMTP.",
    fields=(
        ProviderField("host", "Server", help="The name of the mail server, for example smtp.example.com."),
        ProviderField("port", "Port", kind="number", default=587, help="Usually 587 with STARTTLS, 465 with TLS."),
        ProviderField(
            "security",
            "Encryption",
            kind="choice",
            default=Security.STARTTLS.value,
            choices=tuple(security.value for security in Security),
            help="“none” sends sign-in and mail in the clear: only for a server on this machine.",
        ),
        ProviderField("username", "Username", required=False, help="Empty if the server asks for no sign-in."),
        ProviderField("password", "Password", kind="password", required=False, secret=True),
    ),
    build=_build_smtp,
)

CATALOGUE: dict[str, ProviderKind] = {kind.kind: kind for kind in (OUTBOX, SMTP)}
