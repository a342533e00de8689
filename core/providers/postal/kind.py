"""What has to be entered for Postal."""

from __future__ import annotations

from dataclasses import replace

from core.errors import InvalidInput
from core.providers.base import ProviderField, ProviderKind
from core.providers.fields import API_KEY, sent_as
from core.providers.postal.webhook import WEBHOOK, public_key


def _check_key(entered: str) -> None:
    if public_key(entered) is None:
        raise InvalidInput("This is not the public key of a Postal server.", hint="`postal default-dkim-record` prints it, behind p=.")


KIND = ProviderKind(
    kind="postal",
    label="Postal",
    summary="Takes what your own Postal server reports about your mail; sending through its API comes later.",
    fields=(
        ProviderField("server_url", "Server address", required=False, help="Only needed for sending."),
        replace(API_KEY, goes_to=sent_as("server_url")),
        ProviderField(
            "webhook_public_key",
            "Webhook public key",
            required=False,
            is_wrapped=True,
            check=_check_key,
            help="What `postal default-dkim-record` prints, or its part behind p=; until it is entered, no report is believed.",
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
