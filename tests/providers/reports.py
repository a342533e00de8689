"""Reports as providers send them, and what must be true of reading every kind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import strategies as some

from core.providers.webhooks import Forged, ProviderEvent, UnreadableReport, Verifier, WebhookKind, WebhookRequest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
KEY = "17-0f3a9c71d2b4"

# Any JSON, with names and words providers use among them, so that the readers get further than the first look.
WORDS = some.sampled_from(
    ["event", "email", "reason", "bounce", "Bounce", "failed", "open", "type", "signature", "token", "timestamp", "mail", "headers"]
)
ANY_JSON = some.recursive(
    some.none()
    | some.booleans()
    | some.integers(-(2**63), 2**63)
    | some.floats(allow_nan=False, allow_infinity=False)
    | some.text()
    | WORDS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text() | WORDS, inner, max_size=6),
    max_leaves=20,
)


def request(body: object, headers: dict[str, str] | None = None, at: datetime = NOW) -> WebhookRequest:
    """A report as the receiver hands it over; what is not bytes is written as JSON."""
    return WebhookRequest(body if isinstance(body, bytes) else orjson.dumps(body), headers or {}, "https://mail.example.com/webhooks/x", at)


def is_believed(verifier: Verifier, given: WebhookRequest) -> bool:
    """Whether a report is believed; nothing but `Forged` may come out of a verifier."""
    try:
        verifier.verify(given)
    except Forged as refusal:
        assert str(refusal)
        return False
    return True


def one(kind: WebhookKind, body: object) -> ProviderEvent:
    """The only event of a report."""
    [event] = kind.read(orjson.dumps(body), "application/json")
    return event


def told(event: ProviderEvent, *names: str) -> tuple[Any, ...]:
    """Some of what an event tells."""
    return tuple(getattr(event, name) for name in names)


def assert_reads_or_refuses(kind: WebhookKind, body: bytes) -> list[ProviderEvent]:
    """Whatever a body holds, it is read or refused in so many words, and what is read is of the promised types."""
    try:
        events = kind.read(body, "application/json")
    except UnreadableReport:
        return []
    for event in events:
        assert event.at is None or event.at.tzinfo is UTC
        texts = told(event, "recipient", "message_key", "rfc_message_id", "provider_event_id", "provider_message_id", "reason", "url")
        assert all(type(text) is str for text in (*texts, event.ip, event.user_agent))
        assert all(type(value) in (str, int, float, bool) for value in event.properties.values())
        orjson.dumps(event.properties)
    return events


def assert_needs_json(kind: WebhookKind) -> None:
    """What is no JSON object (nor a list) is refused as unreadable."""
    for body in (b"", b"\xff\xfe", b"words", b'"words"', b"7", b"null", b"[" * 5_000, b"{", b'{"a": 1}}'):
        with pytest.raises(UnreadableReport):
            kind.read(body, "application/json")
