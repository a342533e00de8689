"""Reports of Mailjet: an object, or a list of them where events are grouped, with a user name and a password in the address.

https://dev.mailjet.com/email/guides/webhooks/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import at_seconds, events_of, kept, message_key, ours, reason, word
from core.providers.webhooks import BasicVerifier, ProviderEvent, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_KINDS = {
    "sent": EventKind.DELIVERED,  # it means that the recipient's server took it
    "bounce": EventKind.BOUNCED,
    "blocked": EventKind.REJECTED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "spam": EventKind.COMPLAINED,
    "unsub": EventKind.UNSUBSCRIBED,
}
_GREYLISTED = "greylisted"
# Mailjet's table of errors. What is not in it is as hard as Mailjet says.
_ERRORS = {
    "user unknown": BounceClass.HARD,
    "invalid domain": BounceClass.HARD,
    "typofix": BounceClass.HARD,
    "quota exceeded": BounceClass.SOFT,
    "relay/access denied": BounceClass.BLOCK,
    "sender blocked": BounceClass.BLOCK,
    "content blocked": BounceClass.BLOCK,
    "policy issue": BounceClass.BLOCK,
    "system issue": BounceClass.SOFT,
    "protocol issue": BounceClass.SOFT,
    "connection issue": BounceClass.SOFT,
    "preblocked": BounceClass.UNKNOWN,
    "duplicate in campaign": BounceClass.UNKNOWN,
}


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return events_of(body, _event)


def _event(row: dict[str, Any]) -> ProviderEvent:
    name = word(row, "event")
    kind = _KINDS.get(name, EventKind.UNKNOWN)
    event = ProviderEvent(
        kind,
        at_seconds(row.get("time")),
        recipient=word(row, "email"),
        message_key=message_key(row.get("Payload")) or message_key(row.get("CustomID")) or ours(word(row, "CustomID")),
        provider_message_id=word(row, "MessageID") or word(row, "mj_message_id"),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    elif kind in _MORE:
        _MORE[kind](event, row)
    return event


def _bounced(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    error, said = word(row, "error"), word(row, "comment")
    event.reason, event.properties = reason(said, error), kept(error=error, related_to=word(row, "error_related_to"))
    if event.kind is EventKind.BOUNCED and error == _GREYLISTED:
        event.kind = EventKind.DEFERRED
        return
    event.bounce_class = _class(event.kind, error, said, row.get("hard_bounce")).value


def _class(kind: EventKind, error: str, said: str, is_hard: object) -> BounceClass:
    verdict = _ERRORS.get(error)
    if kind is EventKind.REJECTED:
        return verdict or BounceClass.UNKNOWN
    if is_hard is not True and verdict in (None, BounceClass.HARD):
        verdict = BounceClass.SOFT if is_hard is False else BounceClass.UNKNOWN
    return settle(verdict or BounceClass.HARD, said)


def _engaged(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.url, event.ip, event.user_agent = word(row, "url"), word(row, "ip"), word(row, "agent")


def _complained(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.properties = kept(source=word(row, "source"))


_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.BOUNCED: _bounced,
    EventKind.REJECTED: _bounced,
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.UNSUBSCRIBED: _engaged,
    EventKind.COMPLAINED: _complained,
}

WEBHOOK = WebhookKind(
    verifier=lambda settings: BasicVerifier(str(settings.get("webhook_username") or ""), str(settings.get("webhook_password") or "")),
    read=read,
    guide="At Mailjet under Account → Event notifications: for every event enter this address, with user name:password@ after https://.",
)
