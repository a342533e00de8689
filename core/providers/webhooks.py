"""What a provider's report looks like to the rest: one function says whether it is genuine, another what it says.

The receiver only checks and keeps a report; the ingester reads it later. So nothing in here, nor in any
`providers/<kind>/webhook.py`, may be slow to import: the receiver stays small.
"""

from __future__ import annotations

import hmac
from base64 import b64decode
from binascii import Error as InvalidBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from core.storage.event_words import EventKind


class Forged(Exception):
    """A report that is not proved to be the provider's; the text says what is wrong with it, without repeating it."""


class Undecided(Forged):
    """A report of which can't be told now whether it is genuine; it is not believed, but worth asking for again."""


class UnreadableReport(Exception):
    """A genuine report whose body can't be read."""


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A report as it came.

    Args:
        body: The body, byte for byte as it was sent (also where it was compressed).
        headers: The headers, names in lower case; of those sent several times the last.
        url: The address the provider was told, as the public sees it; some sign it.
        at: When it came, UTC.
    """

    body: bytes
    headers: Mapping[str, str]
    url: str
    at: datetime


class Verifier(Protocol):
    """Says whether reports to one connection are genuine; may remember what it has seen, and is asked from several threads."""

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is genuine.

        Raises:
            Forged: If it is not, or if that can't be told.
        """
        ...


@dataclass(slots=True)
class ProviderEvent:
    """One event in a report.

    Args:
        kind: What happened; `unknown` for words we do not know.
        at: When, aware; None where the provider does not say.
        recipient: The address it is about; empty where the provider does not say.
        message_key: Our own name of the message (`X-Postwright-Message`), where the provider returns it.
        rfc_message_id: The Message-ID header without angle brackets, where the provider returns it.
        provider_event_id: The provider's own name of the event.
        provider_message_id: The provider's own name of the message, as its send call answered it.
        bounce_class: For bounces and refusals: what they say about the address (`BounceClass`), else None.
        reason: Why, in the provider's words.
        url: The clicked link, as the provider saw it.
        ip: Who asked, for opens and clicks the provider has seen itself.
        user_agent: What they called themselves.
        actor: What the provider says about who acted (`Actor.MACHINE`, `Actor.PROXY`), None where it says nothing.
        properties: What else is worth keeping: the provider's own word for the kind, tags, codes. No personal data.
    """

    kind: EventKind
    at: datetime | None = None
    recipient: str = ""
    message_key: str = ""
    rfc_message_id: str = ""
    provider_event_id: str = ""
    provider_message_id: str = ""
    bounce_class: str | None = None
    reason: str = ""
    url: str = ""
    ip: str = ""
    user_agent: str = ""
    actor: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


# Returns the events in a body of that content type; raises `UnreadableReport`.
Reader = Callable[[bytes, str], list[ProviderEvent]]


@dataclass(frozen=True)
class WebhookKind:
    """How one kind of provider reports.

    Args:
        verifier: Makes the verifier of a connection from what was entered for it, secrets included. Raises `Forged` from
            the verifier, not here, where a setting it needs is missing: without a secret nothing is believed.
        read: Returns the events in a body of that content type; raises `UnreadableReport`.
        guide: Where at the provider the address is entered, and what has to be switched on; one or two sentences.
        follow_up: What a genuine report asks to be done besides (SNS wants a subscription confirmed); may block.
        is_try: Whether a body tells nothing and only tries the address: some accept an address only after a good answer, and
            give out the secret only then. It is answered, but not kept.
    """

    verifier: Callable[[Mapping[str, Any]], Verifier]
    read: Reader
    guide: str
    follow_up: Callable[[WebhookRequest], None] | None = None
    is_try: Callable[[bytes], bool] | None = None


def is_same(given: str | bytes, expected: str | bytes) -> bool:
    """Return whether two secrets are the same, in a time that does not tell how much of them is; nothing equals an empty one."""
    left, right = (one.encode("utf-8", "surrogatepass") if isinstance(one, str) else one for one in (given, expected))
    return bool(right) and hmac.compare_digest(left, right)


class BasicVerifier:
    """Believes reports that bring a user name and a password (RFC 7617).

    Args:
        username: What was entered for the connection.
        password: The same; without one nothing is believed.
    """

    def __init__(self, username: str, password: str) -> None:
        self._expected = f"{username}:{password}".encode() if password else b""

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report brings them.

        Raises:
            Forged: If it does not.
        """
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(encoded.strip().encode(), validate=True) if scheme.lower() == "basic" else b""
        except (InvalidBase64, UnicodeEncodeError):
            given = b""
        if not is_same(given, self._expected):
            raise Forged("it does not bring the user name and password of this connection")


class BearerVerifier:
    """Believes reports that bring a token (RFC 6750).

    Args:
        token: What was entered for the connection; without one nothing is believed.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report brings it.

        Raises:
            Forged: If it does not.
        """
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not is_same(given.strip(), self._token):
            raise Forged("it does not bring the token of this connection")
