"""What has to be entered for SendGrid."""

from __future__ import annotations

from core.errors import InvalidInput
from core.providers.base import ProviderField, ProviderKind
from core.providers.fields import API_KEY
from core.providers.sendgrid.webhook import WEBHOOK, public_key

_WHERE = "At SendGrid under Settings → Mail Settings → Event Webhooks, in the webhook's security features."


def _check_key(entered: str) -> None:
    if public_key(entered) is None:
        raise InvalidInput("This is not a verification key of SendGrid.", hint=_WHERE)


KIND = ProviderKind(
    kind="sendgrid",
    label="SendGrid",
    summary="Takes the signed reports of Twilio SendGrid.",
    fields=(
        API_KEY,
        ProviderField("webhook_public_key", "Webhook verification key", required=False, is_wrapped=True, help=_WHERE, check=_check_key),
    ),
    build=None,
    webhook=WEBHOOK,
)
