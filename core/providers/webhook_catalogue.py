"""Every kind of provider that reports what became of mail; light, because the receiver reads it."""

from __future__ import annotations

from core.providers.generic.webhook import WEBHOOK as GENERIC
from core.providers.webhooks import WebhookKind

WEBHOOKS: dict[str, WebhookKind] = {
    "generic": GENERIC,
}
