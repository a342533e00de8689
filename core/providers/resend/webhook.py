"""Reports of Resend: one object with `type` and `data`, signed as Svix does it.

Documented at https://resend.com/docs/webhooks/event-types.
"""

from __future__ import annotations

from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import bare_id, events_of, kept, part, reason, word
from core.providers.reports import Row, address, first, moment, returned_key
from core.providers.signing import SvixVerifier
from core.providers.webhooks import ProviderEvent, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_KINDS = {
    "email.scheduled": EventKind.QUEUED,
    "email.sent": EventKind.SENT,
    "email.delivered": EventKind.DELIVERED,
    "email.delivery_delayed": EventKind.DEFERRED,
    "email.bounced": EventKind.BOUNCED,
    "email.suppressed": EventKind.REJECTED,
    "email.failed": EventKind.FAILED,
    "email.opened": EventKind.OPENED,
    "email.clicked": EventKind.CLICKED,
    "email.complained": EventKind.COMPLAINED,
}
# Of what is only refused for now, what is about the mail and not about the address.
_CONTENT = frozenset({"contentrejected", "attachmentrejected", "messagetoolarge"})


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return events_of(body, _event)


def _event(row: dict[str, Any]) -> ProviderEvent:
    said, data = word(row, "type"), part(row, "data")
    kind, bounce = _KINDS.get(said, EventKind.UNKNOWN), part(data, "bounce")
    if kind is EventKind.BOUNCED and _was_suppressed(bounce):
        kind = EventKind.REJECTED
    seen = part(data, "click") or part(data, "open")
    return ProviderEvent(
        kind,
        moment(seen.get("timestamp")) or moment(row.get("created_at")) or moment(data.get("created_at")),
        recipient=address(data.get("to")),
        message_key=returned_key(data.get("tags"), data.get("headers")),
        rfc_message_id=bare_id(word(data, "message_id")),
        provider_message_id=word(data, "email_id"),
        bounce_class=_bounce_class(kind, bounce),
        reason=reason(_why(data)),
        url=word(seen, "link"),
        ip=word(seen, "ipAddress"),
        user_agent=word(seen, "userAgent"),
        properties=_properties(kind, said, bounce),
    )


def _was_suppressed(bounce: Row) -> bool:
    """Return whether Resend did not even try: the address had bounced before."""
    return "suppress" in word(bounce, "subType").lower() or "suppressed sending" in word(bounce, "message").lower()


def _bounce_class(kind: EventKind, bounce: Row) -> BounceClass | None:
    if kind is EventKind.REJECTED:
        return BounceClass.UNKNOWN
    return settle(_verdict(bounce), _answer(bounce)) if kind is EventKind.BOUNCED else None


def _verdict(bounce: Row) -> BounceClass:
    how = word(bounce, "type").lower()
    if how == "transient":
        return BounceClass.BLOCK if word(bounce, "subType").lower() in _CONTENT else BounceClass.SOFT
    if how in ("permanent", "hard") or (not how and "hard bounce" in word(bounce, "message").lower()):
        return BounceClass.HARD
    return BounceClass.UNKNOWN


def _answer(bounce: Row) -> str:
    """Return what the other server said, where it is told."""
    told = bounce.get("diagnosticCode")
    return word({"told": told[0] if isinstance(told, list) and told else told}, "told")


def _why(data: Row) -> str:
    if answer := _answer(part(data, "bounce")):
        return answer
    for name in ("bounce", "failed", "suppressed", "delay", "complaint"):
        found = first(part(data, name), "message", "reason", "type")
        if found:
            return found
    return ""


def _properties(kind: EventKind, said: str, bounce: Row) -> dict[str, Any]:
    other = said if kind is EventKind.UNKNOWN else ""
    return kept(bounce_type=word(bounce, "type"), bounce_subtype=word(bounce, "subType"), event=other)


WEBHOOK = WebhookKind(
    verifier=lambda settings: SvixVerifier(str(settings.get("webhook_secret") or "")),
    read=read,
    guide=("In Resend under Webhooks: add a webhook with this address and all email events, then enter its signing secret (whsec_…) here."),
)
