"""What has to be entered for Brevo."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.brevo.webhook import WEBHOOK
from core.providers.fields import API_KEY, secret

KIND = ProviderKind(
    kind="brevo",
    label="Brevo",
    summary="Takes the reports of Brevo, with a token.",
    fields=(
        API_KEY,
        secret("webhook_token", "Webhook token", "Any long random text; enter the same at Brevo."),
    ),
    build=None,
    webhook=WEBHOOK,
)
