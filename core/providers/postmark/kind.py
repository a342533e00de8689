"""What has to be entered for Postmark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.providers.base import Provider, ProviderField, ProviderKind, Surroundings
from core.providers.fields import api_url, credential, username_and_password
from core.providers.postmark.send import API_URL, BULK_STREAM, TRANSACTIONAL_STREAM, PostmarkProvider
from core.providers.postmark.webhook import WEBHOOK

_STREAM = "The ID of a message stream of this server, at Postmark under Message Streams."


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return PostmarkProvider(values["server_token"], values["bulk_stream"], values["transactional_stream"], values["api_url"])


KIND = ProviderKind(
    kind="postmark",
    label="Postmark",
    summary="Sends through Postmark, up to 500 emails a request, and takes its reports with a user name and a password.",
    fields=(
        credential("server_token", "Server API token"),
        *username_and_password("Enter the same at Postmark."),
        ProviderField("bulk_stream", "Stream for campaigns", required=False, default=BULK_STREAM, help=_STREAM),
        ProviderField("transactional_stream", "Stream for single emails", required=False, default=TRANSACTIONAL_STREAM, help=_STREAM),
        api_url(API_URL),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("server_token",),
)
