"""Reports of MailerSend: one object with `type` and `data`, signed with HMAC-SHA256 over the body.

Documented at https://developers.mailersend.com/api/v1/webhooks.html; there is an older form (`data.email`, `data.morph`) and
a newer one (`data.recipient`, `data.meta`).
"""

from __future__ import annotations

from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import bounded, kept, malformed, part, reason, rows_of, word
from core.providers.reports import Row, first, moment, returned_key, returned_tags
from core.providers.signing import HexHmacVerifier
from core.providers.webhooks import ProviderEvent, UnreadableReport, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_TRY = "webhook.test"
_LONGEST_TRY = 4096
_KINDS = {
    "sent": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "soft_bounced": EventKind.BOUNCED,
    "hard_bounced": EventKind.BOUNCED,
    "suppressed": EventKind.REJECTED,
    "opened": EventKind.OPENED,
    "opened_unique": EventKind.OPENED,
    "clicked": EventKind.CLICKED,
    "clicked_unique": EventKind.CLICKED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "spam_complaint": EventKind.COMPLAINED,
    "spam_complaints": EventKind.COMPLAINED,
}
_REASONS = ("bounce_reason", "suppression_reason", "reject_reason", "unsubscribe_reason", "readable_reason", "reason")


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return bounded(event for row in rows_of(body) for event in _events(row))


def is_try(body: bytes) -> bool:
    """Return whether a body is only the try by which MailerSend decides whether it accepts an address at all."""
    try:
        return len(body) <= _LONGEST_TRY and _is_try(*rows_of(body))
    except (UnreadableReport, TypeError):  # not one row
        return False


def _is_try(row: Any) -> bool:
    return isinstance(row, dict) and row.get("type") == _TRY


def _events(row: Any) -> list[ProviderEvent]:
    if _is_try(row):
        return []
    return [_event(row, part(row, "data"))] if isinstance(row, dict) else [malformed()]


def _event(row: Row, data: Row) -> ProviderEvent:
    said = word(data, "type") or word(row, "type").removeprefix("activity.")
    kind, mail = _KINDS.get(said, EventKind.UNKNOWN), part(data, "email")
    more = {**part(data, "morph"), **part(data, "meta")}
    why = " ".join(filter(None, (word(more, "bounce_code"), first(more, *_REASONS))))
    return ProviderEvent(
        kind,
        moment(row.get("created_at")) if not mail else moment(data.get("created_at")),
        recipient=word(data, "recipient") or word(part(mail, "recipient"), "email"),
        message_key=returned_key(data.get("tags"), mail.get("tags"), data.get("headers"), mail.get("headers"), data.get("metadata")),
        provider_event_id=word(data, "id"),
        provider_message_id=word(data, "message_id") or word(part(mail, "message"), "id"),
        bounce_class=_bounce_class(kind, said, why),
        reason=reason(why),
        url=word(more, "url"),
        ip=word(more, "ip"),
        user_agent=word(more, "user_agent"),
        properties=returned_tags(data.get("tags") or mail.get("tags")) | kept(event=said if kind is EventKind.UNKNOWN else ""),
    )


def _bounce_class(kind: EventKind, said: str, why: str) -> BounceClass | None:
    if kind is EventKind.BOUNCED:
        return settle(BounceClass.HARD if said == "hard_bounced" else BounceClass.SOFT, why)
    return BounceClass.UNKNOWN if kind is EventKind.REJECTED else None


WEBHOOK = WebhookKind(
    verifier=lambda settings: HexHmacVerifier("signature", str(settings.get("webhook_signing_secret") or "")),
    read=read,
    guide=(
        "In MailerSend under Domains, your domain, Webhooks: add a webhook with this address and all activity events except the “unique” "
        "ones, then enter its signing secret here. It has another one after each change of the webhook."
    ),
    is_try=is_try,
)
