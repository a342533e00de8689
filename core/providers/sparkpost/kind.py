"""What has to be entered for SparkPost."""

from __future__ import annotations

from core.providers.base import ProviderKind
from core.providers.fields import API_KEY, username_and_password
from core.providers.sparkpost.webhook import WEBHOOK

KIND = ProviderKind(
    kind="sparkpost",
    label="SparkPost",
    summary="Takes what SparkPost (Bird) reports about your mail; sending through it comes later.",
    fields=(
        API_KEY,
        *username_and_password("Enter the same at SparkPost."),
    ),
    build=None,
    webhook=WEBHOOK,
)
