"""Feedback reports (RFC 5965): what people said about a message to their mailbox provider."""

from __future__ import annotations

import re

from core.providers.reading import kept
from core.providers.smtp.mail import Mail, groups_of, header_of, moment
from core.providers.webhooks import ProviderEvent
from core.storage.event_words import EventKind

CONTENT_TYPE = "message/feedback-report"

# `not-spam`, `virus`, `auth-failure`, `dmarc` and `other` are no wish of the reader.
_KINDS = {
    "abuse": EventKind.COMPLAINED,
    "fraud": EventKind.COMPLAINED,
    "opt-out": EventKind.UNSUBSCRIBED,
    "opt-out-list": EventKind.UNSUBSCRIBED,
}
# Outlook.com reports in a form of its own: the message alone, marked with whom it went to.
_OUTLOOK_MARK = re.compile(r"^X-HmXmrOriginalRecipient:", re.IGNORECASE | re.MULTILINE)


def read_feedback(mail: Mail) -> list[ProviderEvent] | None:
    """Return the event of a feedback report; None if it is none."""
    text = mail.part(CONTENT_TYPE)
    if text is None:
        return _outlooks(mail)
    group = next(iter(groups_of(text)), None)
    given = header_of(group, "Feedback-Type").lower() if group is not None else ""
    said = moment(header_of(group, "Received-Date") or header_of(group, "Arrival-Date")) if group is not None else None
    event = ProviderEvent(_KINDS.get(given, EventKind.UNKNOWN), mail.at or said, message_key=mail.key, properties=kept(feedback=given))
    event.recipient = header_of(group, "Original-Rcpt-To").strip("<> ")[:320] if group is not None else ""
    return [event]


def _outlooks(mail: Mail) -> list[ProviderEvent] | None:
    if not any(part.is_returned and _OUTLOOK_MARK.search(part.text) for part in mail.parts):
        return None
    return [ProviderEvent(EventKind.COMPLAINED, mail.at, message_key=mail.key, properties=kept(feedback="outlook"))]
