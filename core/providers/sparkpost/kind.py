"""What has to be entered for SparkPost."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.sparkpost.webhook import WEBHOOK

KIND = ProviderKind(
    kind="sparkpost",
    label="SparkPost",
    summary="Takes what SparkPost (Bird) reports about your mail; sending through it comes later.",
    fields=(
        ProviderField("api_key", "API key", kind="password", required=False, secret=True, help="Only needed for sending."),
        ProviderField("webhook_username", "Webhook user name", help="You choose it, and enter it at SparkPost too."),
        ProviderField("webhook_password", "Webhook password", kind="password", secret=True, help="You choose it: long and random."),
    ),
    build=None,
    webhook=WEBHOOK,
)
