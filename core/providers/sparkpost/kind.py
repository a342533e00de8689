"""What has to be entered for SparkPost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderKind, Surroundings
from core.providers.fields import API_KEY, api_url, username_and_password
from core.providers.sparkpost.send import API_URL, SparkPostProvider
from core.providers.sparkpost.webhook import WEBHOOK

_EU = "https://api.eu.sparkpost.com"


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return SparkPostProvider(values["api_key"], values["api_url"])


KIND = ProviderKind(
    kind="sparkpost",
    label="SparkPost",
    summary="Sends through SparkPost (Bird), up to 1,000 emails a request, and takes its reports.",
    fields=(
        API_KEY,
        *username_and_password("Enter the same at SparkPost."),
        api_url(API_URL, f"{API_URL}, or {_EU} for an account in the EU."),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key",),
)
