"""What has to be entered for a mail server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderField, ProviderKind, Surroundings
from core.providers.smtp.send import Security, SmtpProvider


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    security = Security(values["security"])
    return SmtpProvider(values["host"], values["port"], security, values["username"], values["password"])


KIND = ProviderKind(
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
    build=_build,
)
