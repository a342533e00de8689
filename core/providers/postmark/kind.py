"""What has to be entered for Postmark."""

from __future__ import annotations

from core.providers.base import ProviderField, ProviderKind
from core.providers.postmark.webhook import WEBHOOK

KIND = ProviderKind(
    kind="postmark",
    label="Postmark",
    summary="Takes the reports of Postmark, with a user name and a password.",
    fields=(
        ProviderField(
            "server_token", "Server API token", kind="password", required=False, secret=True, help="Needed to send; reports do without."
        ),
        ProviderField("webhook_username", "Webhook user name", required=False, help="Any name; enter the same at Postmark."),
        ProviderField(
            "webhook_password", "Webhook password", kind="password", required=False, secret=True, help="Enter the same at Postmark."
        ),
    ),
    build=None,
    webhook=WEBHOOK,
)
