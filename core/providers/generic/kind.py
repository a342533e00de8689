"""What has to be entered for a system that reports in our own JSON."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.generic.webhook import WEBHOOK

KIND = ProviderKind(
    kind="generic",
    label="Generic webhook",
    summary="Takes events in a simple JSON form from any system; sends nothing.",
    fields=(
        ProviderField("webhook_token", "Webhook token", kind="password", secret=True, help="Sent with every report as a bearer token."),
    ),
    build=None,
    webhook=WEBHOOK,
)
