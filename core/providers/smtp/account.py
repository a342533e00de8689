"""How the mailbox that bounces come back to is reached, whichever protocol reads it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from core.errors import Unavailable
from core.providers.plain_words import plain
from core.providers.smtp.access_tokens import tokens_of
from core.providers.smtp.opening import Security, SignIn

TIMEOUT_SECONDS = 20.0
# Reading ends well before; a server that is not done by then drips.
LONGEST_SECONDS = 110.0
BATCH_SIZE = 50


class MailboxProtocol(StrEnum):
    """How the bounce mailbox is read; `none` where there is none."""

    NONE = "none"
    IMAP = "imap"
    POP3 = "pop3"


@dataclass(frozen=True)
class Account:
    """How a mailbox is reached.

    Args:
        host: The server's name.
        port: Its port; 0 for the usual one.
        security: How the connection is encrypted.
        username: Who signs in.
        password: With what.
        folder: Which folder is read; POP3 knows one only.
        timeout: Seconds to wait for an answer.
        longest: Seconds after which the connection is ended, whatever is read then.
        tls: The TLS context; the default verifies certificates.
        token: Returns the access token of the moment, for signing in with that in place of the password; None for none.
    """

    host: str
    port: int
    security: Security
    username: str
    password: str
    folder: str = "INBOX"
    timeout: float = TIMEOUT_SECONDS
    longest: float = LONGEST_SECONDS
    tls: ssl.SSLContext | None = None
    token: Callable[[], str] | None = None

    @property
    def context(self) -> ssl.SSLContext:
        """The TLS context to use."""
        return self.tls or ssl.create_default_context()

    def bearer(self) -> bytes:
        """Return what XOAUTH2 signs in with.

        Raises:
            Unavailable: If no token is given out; says why.
        """
        token = self.token() if self.token is not None else ""
        return f"user={self.username}\1auth=Bearer {token}\1\1".encode()

    def cant(self, what: str, error: Exception) -> Unavailable:
        """Return what to raise, in words, without what was entered.

        Args:
            what: What could not be done ("refused the sign-in").
            error: Why.
        """
        said = b" ".join(one for one in error.args if isinstance(one, bytes)).decode("utf-8", "replace") or str(error)
        why = "it did not answer in time" if isinstance(error, TimeoutError) else " ".join(plain(said).split())[:200].rstrip(". ")
        return Unavailable(
            f"The bounce mailbox at {self.host} {what}: {why or type(error).__name__}.",
            hint="Check server, port, encryption and sign-in of the bounce mailbox.",
        )


def protocol_of(values: Mapping[str, Any]) -> MailboxProtocol:
    """Return how the bounce mailbox of a connection is read.

    Args:
        values: What was entered for the connection.
    """
    return MailboxProtocol(values.get("bounce_protocol") or MailboxProtocol.NONE)


def account_of(values: Mapping[str, Any]) -> Account | None:
    """Return how the bounce mailbox of a connection is reached, None where there is none.

    Args:
        values: What was entered for the connection, secrets included.
    """
    if protocol_of(values) is MailboxProtocol.NONE:
        return None
    signs_in = "bounce_" if values.get("bounce_username") else ""  # else as for sending
    has_token = not signs_in and values.get("sign_in") == SignIn.XOAUTH2.value
    return Account(
        host=values.get("bounce_host") or values["host"],
        port=int(values.get("bounce_port") or 0),
        security=Security(values.get("bounce_security") or Security.TLS),
        username=values.get(f"{signs_in}username") or "",
        password=values.get(f"{signs_in}password") or "",
        folder=values.get("bounce_folder") or "INBOX",
        token=tokens_of(values) if has_token else None,
    )
