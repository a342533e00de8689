"""What has to be entered for Resend."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import API_KEY, secret
from core.providers.resend.webhook import WEBHOOK

KIND = ProviderKind(
    kind="resend",
    label="Resend",
    summary="Takes what Resend reports about your mail; sending through it comes later.",
    fields=(
        API_KEY,
        secret(
            "webhook_secret",
            "Webhook signing secret",
            "Resend shows it once the webhook is added (whsec_…); until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
