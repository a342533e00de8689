"""Reports of Brevo: an object, or a list of them where they are batched, with a bearer token.

https://developers.brevo.com/docs/transactional-webhooks and https://developers.brevo.com/docs/marketing-webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import at_seconds, bare_id, events_of, full_id, items, kept, message_key, reason, word
from core.providers.webhooks import BearerVerifier, ProviderEvent, WebhookKind
from core.storage.event_words import Actor, BounceClass, EventKind

# Without capitals and underscores: Brevo writes "hard_bounce" and "hardBounce".
_KINDS = {
    "request": EventKind.SENT,
    "sent": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "softbounce": EventKind.BOUNCED,
    "hardbounce": EventKind.BOUNCED,
    "invalidemail": EventKind.BOUNCED,
    "invalid": EventKind.BOUNCED,
    "blocked": EventKind.REJECTED,
    "error": EventKind.FAILED,
    "opened": EventKind.OPENED,
    "uniqueopened": EventKind.OPENED,
    "proxyopen": EventKind.OPENED,
    "uniqueproxyopen": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "uniqueclick": EventKind.CLICKED,
    "spam": EventKind.COMPLAINED,
    "complaint": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
    "listaddition": EventKind.SUBSCRIBED,
}
_VERDICTS = {"softbounce": BounceClass.SOFT}  # the others of them are about the address


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return events_of(body, _event)


def _event(row: dict[str, Any]) -> ProviderEvent:
    name = word(row, "event")
    plain, message_id = name.replace("_", "").lower(), word(row, "message-id")
    kind = _KINDS.get(plain, EventKind.UNKNOWN)
    event = ProviderEvent(
        kind,
        # Brevo promises UTC for `ts_event` only; `ts_epoch` is when the mail was sent.
        at_seconds(row.get("ts_event")) or at_seconds(row.get("ts")),
        recipient=word(row, "email"),
        message_key=_key(row),
        rfc_message_id=bare_id(message_id),
        provider_event_id=_event_id(row, name, message_id),
        provider_message_id=full_id(message_id),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    elif kind in _MORE:
        _MORE[kind](event, row)
    return event


def _key(row: Mapping[str, Any]) -> str:
    candidates = (row.get("X-Mailin-custom"), *items(row, "tags"))
    return next((found for found in map(message_key, candidates) if found), "")


def _event_id(row: Mapping[str, Any], name: str, message_id: str) -> str:
    """Return a name for the event: Brevo has none (`id` is the webhook's), and `ts_event` is when it told, `ts` when it was."""
    at = word(row, "ts")
    if not (message_id and at):
        return ""
    told = "\n".join((name, at, message_id, word(row, "email"), word(row, "link")))
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _engaged(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.url, event.ip, event.user_agent = word(row, "link") or word(row, "URL"), word(row, "ip"), word(row, "user_agent")
    if "proxy" in word(row, "event").lower():  # Apple's Mail Privacy Protection: it fetches whether or not somebody reads
        event.actor = Actor.MACHINE.value


def _bounced(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    name, said = word(row, "event"), word(row, "reason")
    event.bounce_class = settle(_VERDICTS.get(name.replace("_", "").lower(), BounceClass.HARD), said).value
    event.reason, event.properties = reason(said), kept(event=name)


def _told(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.reason = reason(word(row, "reason"))
    if event.kind is EventKind.REJECTED:  # Brevo keeps a list of its own; why somebody is on it, it does not say
        event.bounce_class = BounceClass.UNKNOWN.value


def _left(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.ip, event.user_agent = word(row, "ip"), word(row, "user_agent")


_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.UNSUBSCRIBED: _left,
    EventKind.BOUNCED: _bounced,
    EventKind.REJECTED: _told,
    EventKind.FAILED: _told,
    EventKind.DEFERRED: _told,
}

WEBHOOK = WebhookKind(
    verifier=lambda settings: BearerVerifier(str(settings.get("webhook_token") or "")),
    read=read,
    guide="At Brevo under Settings → Webhooks: add this address, choose token authentication with this token, and all events.",
)
