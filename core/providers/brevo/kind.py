"""What has to be entered for Brevo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderKind, Surroundings
from core.providers.brevo.send import API_URL, BrevoProvider
from core.providers.brevo.webhook import WEBHOOK
from core.providers.fields import API_KEY, api_url, secret


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return BrevoProvider(values["api_key"], values["api_url"])


KIND = ProviderKind(
    kind="brevo",
    label="Brevo",
    summary="Sends through Brevo, up to 500 emails a request, and takes its reports with a token.",
    fields=(
        API_KEY,
        secret("webhook_token", "Webhook token", "Any long random text; enter the same at Brevo."),
        api_url(API_URL),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key",),
)
