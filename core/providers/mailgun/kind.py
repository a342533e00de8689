"""What has to be entered for Mailgun."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.fields import API_KEY, secret
from core.providers.mailgun.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mailgun",
    label="Mailgun",
    summary="Takes the signed reports of Mailgun.",
    fields=(
        API_KEY,
        ProviderField("domain", "Sending domain", required=False, help="The domain you send from, as Mailgun lists it."),
        ProviderField("region", "Region", kind="choice", required=False, default="us", choices=("us", "eu"), help="Where your domain is."),
        secret("webhook_signing_key", "HTTP webhook signing key", "At Mailgun under API security; it is not the API key."),
    ),
    build=None,
    webhook=WEBHOOK,
)
