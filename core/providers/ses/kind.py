"""What has to be entered for Amazon SES."""

from __future__ import annotations

import re

from core.errors import InvalidInput
from core.providers.base import ProviderField, ProviderKind
from core.providers.fields import NEEDED_TO_SEND, secret
from core.providers.ses.sns import topics_in
from core.providers.ses.webhook import WEBHOOK

_ARN = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
_WHERE = "Separated by commas; at Amazon SNS under Topics, each like arn:aws:sns:us-east-1:123456789012:mail."


def _check_topics(entered: str) -> None:
    wrong = sorted(topic for topic in topics_in(entered) if not _ARN.fullmatch(topic))
    if wrong:
        raise InvalidInput(f"“{wrong[0][:80]}” is not the ARN of a topic.", hint=_WHERE)


KIND = ProviderKind(
    kind="ses",
    label="Amazon SES",
    summary="Takes the signed reports of Amazon SES, through topics of Amazon SNS.",
    fields=(
        ProviderField("access_key_id", "Access key ID", required=False, help=NEEDED_TO_SEND),
        secret("secret_access_key", "Secret access key", NEEDED_TO_SEND),
        ProviderField("region", "Region", required=False, help="Like us-east-1; needed to send."),
        ProviderField("topic_arns", "Topic ARNs", required=False, help=_WHERE, check=_check_topics),
    ),
    build=None,
    webhook=WEBHOOK,
)
