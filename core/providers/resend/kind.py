"""What has to be entered for Resend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderKind, Surroundings
from core.providers.fields import API_KEY, api_url, secret
from core.providers.resend.send import API_URL, ResendProvider
from core.providers.resend.webhook import WEBHOOK


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return ResendProvider(values["api_key"], values["api_url"])


KIND = ProviderKind(
    kind="resend",
    label="Resend",
    summary="Sends through Resend, up to 100 emails a request, and takes its signed reports.",
    fields=(
        API_KEY,
        secret(
            "webhook_secret",
            "Webhook signing secret",
            "Resend shows it once the webhook is added (whsec_…); until it is entered, no report is believed.",
        ),
        api_url(API_URL),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key",),
)
