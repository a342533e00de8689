"""What has to be entered for Mailgun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderField, ProviderKind, Surroundings
from core.providers.fields import API_KEY, api_url, secret
from core.providers.mailgun.send import HOSTS, MailgunProvider
from core.providers.mailgun.webhook import WEBHOOK


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return MailgunProvider(values["api_key"], values["domain"], values["api_url"] or HOSTS[values["region"]])


KIND = ProviderKind(
    kind="mailgun",
    label="Mailgun",
    summary="Sends through Mailgun, up to 1,000 emails a request, and takes its signed reports.",
    fields=(
        API_KEY,
        ProviderField("domain", "Sending domain", required=False, help="The domain you send from, as Mailgun lists it."),
        ProviderField(
            "region",
            "Region",
            kind="choice",
            required=False,
            default="us",
            choices=("us", "eu"),
            choice_words=("United States", "Europe"),
            help="Where your domain is.",
        ),
        secret("webhook_signing_key", "HTTP webhook signing key", "At Mailgun under API security; it is not the API key."),
        api_url("", "Only where mail goes through another host; else the region says it."),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("api_key", "domain"),
    takes_utf8=True,  # https://documentation.mailgun.com/docs/mailgun/user-manual/internationalization
)
