"""What has to be entered for Mailjet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.providers.base import Provider, ProviderKind, Surroundings
from core.providers.fields import API_KEY, NEEDED_TO_SEND, api_url, secret, sent_as, username_and_password
from core.providers.mailjet.send import API_URL, MailjetProvider
from core.providers.mailjet.webhook import WEBHOOK

_US = "https://api.us.mailjet.com"


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return MailjetProvider(values["api_key"], values["api_secret"], values["api_url"])


KIND = ProviderKind(
    kind="mailjet",
    label="Mailjet",
    summary="Sends through Mailjet, up to 50 emails a request, and takes its reports.",
    fields=(
        API_KEY,
        replace(secret("api_secret", "API secret", NEEDED_TO_SEND), goes_to=sent_as("api_url")),
        *username_and_password("It stands in the address Mailjet is given."),
        api_url(API_URL, f"{API_URL}, or {_US} for an account in the US."),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key", "api_secret"),
)
