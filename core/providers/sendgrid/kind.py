"""What has to be entered for SendGrid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.providers.base import Provider, ProviderField, ProviderKind, Surroundings
from core.providers.fields import API_KEY, api_url
from core.providers.sendgrid.send import API_URL, SendGridProvider
from core.providers.sendgrid.webhook import WEBHOOK, public_key

_EU = "https://api.eu.sendgrid.com"
_WHERE = "At SendGrid under Settings → Mail Settings → Event Webhooks, in the webhook's security features."


def _check_key(entered: str) -> None:
    if public_key(entered) is None:
        raise InvalidInput("This is not a verification key of SendGrid.", hint=_WHERE)


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return SendGridProvider(values["api_key"], values["api_url"])


KIND = ProviderKind(
    kind="sendgrid",
    label="SendGrid",
    summary="Sends through Twilio SendGrid, up to 1,000 emails a request, and takes its signed reports.",
    fields=(
        API_KEY,
        ProviderField("webhook_public_key", "Webhook verification key", required=False, is_wrapped=True, help=_WHERE, check=_check_key),
        api_url(API_URL, f"{API_URL}, or {_EU} for mail that stays in the EU."),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key",),
)
