"""What has to be entered for Amazon SES."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import InvalidInput
from core.providers.base import Provider, ProviderField, ProviderKind, Surroundings
from core.providers.fields import NEEDED_TO_SEND, api_url, credential
from core.providers.ses.send import SesProvider
from core.providers.ses.sns import topics_in
from core.providers.ses.webhook import WEBHOOK

_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_KEY_ID = re.compile(r"[A-Za-z0-9]{1,128}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]{1,20}){1,3}-[0-9]{1,2}")
_WHERE = "Separated by commas; at Amazon SNS under Topics, each like arn:aws:sns:us-east-1:123456789012:mail."


def _check_topics(entered: str) -> None:
    wrong = sorted(topic for topic in topics_in(entered) if not _ARN.fullmatch(topic))
    if wrong:
        raise InvalidInput(f"“{wrong[0][:80]}” is not the ARN of a topic.", hint=_WHERE)


def _check_key_id(entered: str) -> None:
    if not _KEY_ID.fullmatch(entered):
        raise InvalidInput("The access key ID holds letters no key has.", hint="It looks like AKIAIOSFODNN7EXAMPLE.")


def _check_region(entered: str) -> None:
    if not _REGION.fullmatch(entered):
        raise InvalidInput(f"“{entered[:40]}” is not a region of Amazon.", hint="It looks like us-east-1.")


def _build(values: Mapping[str, Any], _around: Surroundings) -> Provider:
    return SesProvider(
        values["access_key_id"], values["secret_access_key"], values["region"], values["configuration_set"], values["api_url"]
    )


KIND = ProviderKind(
    kind="ses",
    label="Amazon SES",
    summary="Sends through Amazon SES, several emails at once, and takes its signed reports through topics of Amazon SNS.",
    fields=(
        ProviderField("access_key_id", "Access key ID", required=False, help=NEEDED_TO_SEND, check=_check_key_id),
        credential("secret_access_key", "Secret access key"),
        ProviderField("region", "Region", required=False, help="Like us-east-1; needed to send.", check=_check_region),
        ProviderField("configuration_set", "Configuration set", required=False, help="The one that publishes to the topics below."),
        ProviderField("topic_arns", "Topic ARNs", required=False, help=_WHERE, check=_check_topics),
        api_url("", "Empty for Amazon's own in this region."),
    ),
    build=_build,
    webhook=WEBHOOK,
    needs=("access_key_id", "secret_access_key", "region"),
)
