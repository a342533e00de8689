"""What has to be entered for Resend."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.resend.webhook import WEBHOOK

KIND = ProviderKind(
    kind="resend",
    label="Resend",
    summary="Takes what Resend reports about your mail; sending through it comes later.",
    fields=(
        ProviderField("api_key", "API key", kind="password", required=False, secret=True, help="Only needed for sending."),
        ProviderField(
            "webhook_secret",
            "Webhook signing secret",
            kind="password",
            required=False,
            secret=True,
            help="Resend shows it once the webhook is added (whsec_…); until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
