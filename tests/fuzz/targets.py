"""What is fuzzed: each target takes any bytes, and only what its callers expect may come out of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import orjson

from core.links.tokens import Purpose, TokenSigner
from core.messages.keys import MessageKeys
from core.providers.webhook_catalogue import READ_FROM_MAIL, WEBHOOKS, reader_of
from core.providers.webhooks import Forged, UnreadableReport, WebhookRequest
from core.storage.event_words import EventKind

Target = Callable[[bytes], None]

_NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
_SIGNER = TokenSigner(b"the key of this year", [b"the key of last year"])
_KEYS = MessageKeys(b"the key of this year", [b"the key of last year"])
_CONTENT_TYPES = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "")
_SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ="
_SETTINGS = (
    "webhook_username",
    "webhook_password",
    "webhook_secret",
    "webhook_signing_secret",
    "webhook_signing_key",
    "webhook_key",
    "webhook_public_key",
    "webhook_token",
    "topic_arns",
)
# Headers in which providers bring what proves a report; the fuzzer chooses among them by number.
_HEADERS = (
    "authorization",
    "signature",
    "svix-id",
    "svix-timestamp",
    "svix-signature",
    "webhook-id",
    "x-mandrill-signature",
    "x-postal-signature",
    "x-postal-signature-256",
    "x-postal-signature-kid",
    "x-twilio-email-event-webhook-signature",
    "x-twilio-email-event-webhook-timestamp",
    "x-amz-sns-message-type",
    "x-mailersend-signature",
    "content-type",
)


def tokens(data: bytes) -> None:
    """Nobody makes a token by chance, and none of them raises."""
    for text in (data.decode("latin-1"), data.decode("utf-8", "surrogateescape")):
        for purpose in Purpose:
            assert _SIGNER.verify(text, purpose) is None
        assert _KEYS.read(text) is None


def read(kind: str, data: bytes) -> None:
    """A body is read into events, or called unreadable."""
    content_type = _CONTENT_TYPES[data[0] % len(_CONTENT_TYPES)] if data else ""
    try:
        reader = reader_of(kind)
        assert reader is not None
        events = reader(data[1:], content_type)
    except UnreadableReport:
        return
    for event in events:
        assert isinstance(event.kind, EventKind)
        assert event.at is None or event.at.tzinfo is not None
        orjson.dumps(event.properties)


def verify(kind: str, data: bytes) -> None:
    """What is not signed is forged, whatever its headers and its body say."""
    headers, body = _headers_and_body(data)
    request = WebhookRequest(body, headers, f"https://mail.example.com/webhooks/{kind}/0123456789abcdef", _NOW)
    for settings in ({}, dict.fromkeys(_SETTINGS, _SECRET)):
        try:
            WEBHOOKS[kind].verifier(settings).verify(request)
        except Forged:
            continue
        raise AssertionError("a report nobody signed was believed")


def _headers_and_body(data: bytes) -> tuple[dict[str, str], bytes]:
    """Cut bytes into up to three headers (number, length, value) and the rest."""
    headers = {}
    for _ in range(3):
        if len(data) < 2:
            break
        name, length, data = _HEADERS[data[0] % len(_HEADERS)], data[1], data[2:]
        headers[name], data = data[:length].decode("latin-1"), data[length:]
    return headers, data


def targets() -> dict[str, Target]:
    """Every target by name."""
    found: dict[str, Target] = {"tokens": tokens}
    for kind in READ_FROM_MAIL:
        found[f"read-{kind}"] = partial(read, kind)
    for kind in WEBHOOKS:
        found[f"read-{kind}"] = partial(read, kind)
        found[f"verify-{kind}"] = partial(verify, kind)
    return found
