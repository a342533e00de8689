"""What has to be entered for Mandrill."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import API_KEY, secret
from core.providers.mandrill.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mandrill",
    label="Mandrill",
    summary="Takes what Mandrill (Mailchimp Transactional) reports about your mail; sending through it comes later.",
    fields=(
        API_KEY,
        secret("webhook_key", "Webhook key", "Mandrill shows it once the webhook is added; until it is entered, no report is believed."),
    ),
    build=None,
    webhook=WEBHOOK,
)
