"""Deliver over SMTP (RFC 5321): one kept connection, one transaction per message, one outcome per recipient."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Sequence
from enum import StrEnum

from core.errors import InvalidInput, Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.bounce_classes import classify
from core.providers.mime import address, to_bytes
from core.storage.event_words import BounceClass

# Small: a crash leaves at most this many outcomes unknown. Larger batches gain little, the network is the wall.
BATCH_SIZE = 20
TIMEOUT_SECONDS = 20.0
# A batch that takes longer is broken off, so that its lease does not run out while it is on its way.
BUDGET_SECONDS = 30.0
_REASON_LENGTH = 300
# Many servers close a connection after a hundred messages; going first spares that message its attempt.
_MESSAGES_PER_CONNECTION = 100
# ValueError: a host name that can't be encoded.
_FAILURES = (OSError, smtplib.SMTPException, ValueError)


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class SmtpProvider:
    """Sends through one mail server.

    Args:
        host: The server's name.
        port: Its port, usually 587 (STARTTLS) or 465 (TLS).
        security: How the connection is encrypted.
        username: For AUTH; empty means none.
        password: For AUTH.
        timeout: Seconds to wait for an answer.
        tls: The TLS context; the default verifies certificates.
    """

    kind = "smtp"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER

    def __init__(
        self,
        host: str,
        port: int,
        security: Security = Security.STARTTLS,
        username: str = "",
        password: str = "",
        *,
        timeout: float = TIMEOUT_SECONDS,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._host, self._port, self._security = host, port, security
        self._username, self._password = username, password
        self._timeout, self._tls = timeout, tls
        self._connection: smtplib.SMTP | None = None
        self._is_clean = False
        self._handed_over = 0

    def send(self, messages: Sequence[OutgoingMessage]) -> list[SendResult]:
        """Hand messages over one by one; a server that can't be reached leaves the rest untried."""
        deadline = time.monotonic() + BUDGET_SECONDS
        results: list[SendResult] = []
        self._is_clean = False  # the server may have hung up since the last batch
        for position, message in enumerate(messages):
            if time.monotonic() > deadline:
                return results + _untried(messages[position:], "The mail server is very slow; the rest waits.")
            try:
                connection = self._ready()
            except _FAILURES as error:
                return results + _untried(messages[position:], self._why(error))
            results.append(self._deliver(connection, message))
        return results

    def check(self) -> None:
        """Do nothing if the server answers and accepts our sign-in.

        Raises:
            Unavailable: If not; says why.
        """
        try:
            self._ready()
        except _FAILURES as error:
            raise Unavailable(self._why(error), hint="Check host, port, encryption and sign-in of this connection.") from error

    def close(self) -> None:
        """Say goodbye and close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.quit()
            except (OSError, smtplib.SMTPException):
                connection.close()

    def _ready(self) -> smtplib.SMTP:
        """Return a connection in its starting state: the kept one if it still answers, else a new one."""
        if self._connection is not None and not self._still_answers(self._connection):
            self._drop()
        if self._connection is None:
            self._connection = self._connect()
            self._handed_over = 0
        self._is_clean = True
        return self._connection

    def _still_answers(self, connection: smtplib.SMTP) -> bool:
        if self._handed_over >= _MESSAGES_PER_CONNECTION:
            return False
        try:
            return self._is_clean or connection.rset()[0] == 250
        except (OSError, smtplib.SMTPException):
            return False

    def _connect(self) -> smtplib.SMTP:
        tls = self._tls or ssl.create_default_context()
        if self._security is Security.TLS:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=tls)
        else:
            connection = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._security is Security.STARTTLS:
                connection.starttls(context=tls)
            connection.ehlo_or_helo_if_needed()
            if self._username:
                connection.login(self._username, self._password)
        except (OSError, smtplib.SMTPException):
            connection.close()
            raise
        return connection

    def _deliver(self, connection: smtplib.SMTP, message: OutgoingMessage) -> SendResult:
        try:
            sender, recipient, data = address(message.from_email), address(message.to), _dot_stuffed(to_bytes(message))
        except InvalidInput as error:
            return SendResult(message.message_id, Outcome.REFUSED, str(error))
        self._handed_over += 1
        try:
            for command, expected in ((f"MAIL FROM:<{sender}>", 250), (f"RCPT TO:<{recipient}>", 250), ("DATA", 354)):
                code, answer = connection.docmd(command)
                if code != expected and not (expected == 250 and code == 251):
                    return self._refusal(message, code, answer, is_recipient=command.startswith("RCPT"))
            connection.send(data)
        except (OSError, smtplib.SMTPException) as error:
            # The final dot was not handed over completely, so the server can't have accepted: safe to try again.
            self._drop()
            return SendResult(message.message_id, Outcome.RETRY, f"The connection was lost before the end: {_words(error)}")
        return self._answer(connection, message)

    def _answer(self, connection: smtplib.SMTP, message: OutgoingMessage) -> SendResult:
        """Read the answer to the final dot; without one nobody knows whether the server took the message."""
        try:
            code, answer = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            reason = f"The connection was lost after the message was handed over: {_words(error)}"
            return SendResult(message.message_id, Outcome.UNCERTAIN, reason)
        if 200 <= code < 300:
            return SendResult(message.message_id, Outcome.ACCEPTED, provider_message_id=message.headers.get("Message-ID"))
        if 400 <= code < 600:
            return self._refusal(message, code, answer)
        self._drop()
        return SendResult(message.message_id, Outcome.UNCERTAIN, f"The server's answer makes no sense: {code}")

    def _refusal(self, message: OutgoingMessage, code: int, answer: bytes, *, is_recipient: bool = False) -> SendResult:
        text = " ".join(answer.decode("utf-8", "replace").split())
        reason = f"{code} {text}"[:_REASON_LENGTH]
        self._is_clean = False
        if code == 421 or not 400 <= code < 600:
            self._drop()
        if code < 500:
            return SendResult(message.message_id, Outcome.RETRY, reason)
        found = classify(text, smtp_code=code)
        # What is said about MAIL or DATA is about us or the content; only the answer to RCPT, or a clear code, can be hard.
        if found is BounceClass.UNKNOWN and is_recipient and code == 550:
            found = BounceClass.HARD
        return SendResult(message.message_id, Outcome.REFUSED, reason, bounce_class=found)

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _why(self, error: Exception) -> str:
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return f"The mail server {self._host} refused the sign-in: {_words(error)}"
        return f"The mail server {self._host}:{self._port} can't be reached: {_words(error)}"


def _untried(messages: Sequence[OutgoingMessage], reason: str) -> list[SendResult]:
    return [SendResult(message.message_id, Outcome.RETRY, reason, attempted=False, trouble=Trouble.CONNECTION) for message in messages]


def _dot_stuffed(data: bytes) -> bytes:
    """Double a dot that begins a line and end with the final dot (RFC 5321, 4.5.2); lines already end in CRLF."""
    stuffed = data.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        answer = error.smtp_error
        text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else str(answer)
        return f"{error.smtp_code} {text}"[:_REASON_LENGTH]
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    return (str(error) or type(error).__name__)[:_REASON_LENGTH]
