"""What has to be entered for Mailjet."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import API_KEY, NEEDED_TO_SEND, secret, username_and_password
from core.providers.mailjet.webhook import WEBHOOK

KIND = ProviderKind(
    kind="mailjet",
    label="Mailjet",
    summary="Takes the reports of Mailjet, with a user name and a password.",
    fields=(
        API_KEY,
        secret("api_secret", "API secret", NEEDED_TO_SEND),
        *username_and_password("It stands in the address Mailjet is given."),
    ),
    build=None,
    webhook=WEBHOOK,
)
