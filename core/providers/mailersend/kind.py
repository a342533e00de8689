"""What has to be entered for MailerSend."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import NEEDED_TO_SEND, secret
from core.providers.mailersend.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mailersend",
    label="MailerSend",
    summary="Takes what MailerSend reports about your mail; sending through it comes later.",
    fields=(
        secret("api_key", "API token", NEEDED_TO_SEND),
        secret(
            "webhook_signing_secret",
            "Webhook signing secret",
            "MailerSend shows it once the webhook is added; until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
