"""Reports as providers send them, for the tests of what proves them and of what they say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import Forged, ProviderEvent, Verifier, WebhookRequest

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
KEY = "4711-0123456789ab"
URL = "https://mail.example.com/webhooks/kind/0123456789abcdef"


def asked(body: bytes, headers: Mapping[str, str], *, url: str = URL, at: datetime = NOW) -> WebhookRequest:
    return WebhookRequest(body, dict(headers), url, at)


def verifier(kind: str, **settings: Any) -> Verifier:
    return WEBHOOKS[kind].verifier(settings)


def is_believed(verifier: Verifier, request: WebhookRequest) -> bool:
    try:
        verifier.verify(request)
    except Forged:
        return False
    return True


def read(kind: str, body: bytes, content_type: str = "application/json") -> list[ProviderEvent]:
    return WEBHOOKS[kind].read(body, content_type)


def told(event: ProviderEvent) -> dict[str, Any]:
    """What an event says, without what it leaves open."""
    fields = {name: getattr(event, name) for name in event.__slots__}
    return {name: value for name, value in fields.items() if value not in (None, "", {})}


def flipped(text: str) -> str:
    """The text with its first letter changed."""
    return ("1" if text[0] == "0" else "0") + text[1:]
