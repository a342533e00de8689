"""What has to be entered for MailerSend."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.mailersend.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mailersend",
    label="MailerSend",
    summary="Takes what MailerSend reports about your mail; sending through it comes later.",
    fields=(
        ProviderField("api_key", "API token", kind="password", required=False, secret=True, help="Only needed for sending."),
        ProviderField(
            "webhook_signing_secret",
            "Webhook signing secret",
            kind="password",
            required=False,
            secret=True,
            help="MailerSend shows it once the webhook is added; until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
