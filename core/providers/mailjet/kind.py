"""What has to be entered for Mailjet."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.mailjet.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mailjet",
    label="Mailjet",
    summary="Takes the reports of Mailjet, with a user name and a password.",
    fields=(
        ProviderField("api_key", "API key", kind="password", required=False, secret=True, help="Needed to send; reports do without."),
        ProviderField("api_secret", "API secret", kind="password", required=False, secret=True, help="Needed to send; reports do without."),
        ProviderField("webhook_username", "Webhook user name", required=False, help="Any name; it stands in the address Mailjet is given."),
        ProviderField(
            "webhook_password",
            "Webhook password",
            kind="password",
            required=False,
            secret=True,
            help="It stands in the address Mailjet is given.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
