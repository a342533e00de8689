"""What has to be entered for Brevo."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.brevo.webhook import WEBHOOK

KIND = ProviderKind(
    kind="brevo",
    label="Brevo",
    summary="Takes the reports of Brevo, with a token.",
    fields=(
        ProviderField("api_key", "API key", kind="password", required=False, secret=True, help="Needed to send; reports do without."),
        ProviderField(
            "webhook_token",
            "Webhook token",
            kind="password",
            required=False,
            secret=True,
            help="Any long random text; enter the same at Brevo.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
