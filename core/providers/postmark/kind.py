"""What has to be entered for Postmark."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import NEEDED_TO_SEND, secret, username_and_password
from core.providers.postmark.webhook import WEBHOOK

KIND = ProviderKind(
    kind="postmark",
    label="Postmark",
    summary="Takes the reports of Postmark, with a user name and a password.",
    fields=(
        secret("server_token", "Server API token", NEEDED_TO_SEND),
        *username_and_password("Enter the same at Postmark."),
    ),
    build=None,
    webhook=WEBHOOK,
)
