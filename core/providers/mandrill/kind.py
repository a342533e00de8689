"""What has to be entered for Mandrill."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.mandrill.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mandrill",
    label="Mandrill",
    summary="Takes what Mandrill (Mailchimp Transactional) reports about your mail; sending through it comes later.",
    fields=(
        ProviderField("api_key", "API key", kind="password", required=False, secret=True, help="Only needed for sending."),
        ProviderField(
            "webhook_key",
            "Webhook key",
            kind="password",
            required=False,
            secret=True,
            help="Mandrill shows it once the webhook is added; until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
