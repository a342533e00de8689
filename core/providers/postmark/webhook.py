"""Reports of Postmark: one object each, with a user name and a password.

https://postmarkapp.com/developer/webhooks/webhooks-overview
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import at_iso, events_of, kept, message_key, part, reason, word
from core.providers.webhooks import BasicVerifier, ProviderEvent, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_KINDS = {
    "Delivery": EventKind.DELIVERED,
    "Bounce": EventKind.BOUNCED,
    "SpamComplaint": EventKind.COMPLAINED,
    "Open": EventKind.OPENED,
    "Click": EventKind.CLICKED,
    "SubscriptionChange": EventKind.UNSUBSCRIBED,
}
# What comes as a "Bounce" is many things; https://postmarkapp.com/developer/api/bounce-api has the list. None: nothing is
# said about the address. "Blocked" and "DMARCPolicy" are about the sender.
_TYPES: dict[str, tuple[EventKind, BounceClass | None]] = {
    "HardBounce": (EventKind.BOUNCED, BounceClass.HARD),
    "SoftBounce": (EventKind.BOUNCED, BounceClass.SOFT),
    "Unknown": (EventKind.BOUNCED, BounceClass.UNKNOWN),
    "VirusNotification": (EventKind.BOUNCED, BounceClass.BLOCK),
    "Transient": (EventKind.DEFERRED, None),
    "DnsError": (EventKind.DEFERRED, None),
    "BadEmailAddress": (EventKind.REJECTED, BounceClass.HARD),
    "Blocked": (EventKind.REJECTED, BounceClass.BLOCK),
    "DMARCPolicy": (EventKind.REJECTED, BounceClass.BLOCK),
    "ManuallyDeactivated": (EventKind.REJECTED, BounceClass.UNKNOWN),
    "SMTPApiError": (EventKind.FAILED, None),
    "TemplateRenderingFailed": (EventKind.FAILED, None),
    "SpamComplaint": (EventKind.COMPLAINED, None),
    "SpamNotification": (EventKind.COMPLAINED, None),
    "Unsubscribe": (EventKind.UNSUBSCRIBED, None),
    "Subscribe": (EventKind.SUBSCRIBED, None),
}
# Why Postmark stopped sending to somebody; the first two come as reports of their own as well.
_SUPPRESSIONS = {
    "HardBounce": (EventKind.BOUNCED, BounceClass.HARD.value),
    "SpamComplaint": (EventKind.COMPLAINED, None),
    "ManualSuppression": (EventKind.UNSUBSCRIBED, None),
}


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the event of a report.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return events_of(body, _event)


def _event(row: dict[str, Any]) -> ProviderEvent:
    name = word(row, "RecordType")
    kind = _KINDS.get(name, EventKind.UNKNOWN)
    event = ProviderEvent(
        kind,
        _at(row),
        recipient=word(row, "Recipient") or word(row, "Email"),
        message_key=message_key(row.get("Metadata")),
        provider_event_id=word(row, "ID"),
        provider_message_id=word(row, "MessageID"),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    elif kind in _MORE:
        _MORE[kind](event, row)
    return event


def _at(row: Mapping[str, Any]) -> Any:
    moments = (at_iso(row.get(name)) for name in ("BouncedAt", "DeliveredAt", "ReceivedAt", "ChangedAt"))
    return next((at for at in moments if at is not None), None)


def _bounced(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    given, said = word(row, "Type"), word(row, "Details")
    event.kind, verdict = _TYPES.get(given, (EventKind.UNKNOWN, None))
    if verdict is not None:
        tried = event.kind is EventKind.BOUNCED
        event.bounce_class = (settle(verdict, said) if tried else verdict).value
    event.reason, event.properties = reason(said, word(row, "Description")), kept(type=given)


def _complained(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.properties = kept(type=word(row, "Type"))


def _engaged(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.url, event.user_agent, event.ip = word(row, "OriginalLink"), word(row, "UserAgent"), word(part(row, "Geo"), "IP")


def _changed(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    why, suppressed = word(row, "SuppressionReason"), row.get("SuppressSending")
    event.properties = kept(suppression=why, origin=word(row, "Origin"))
    if suppressed is True:
        event.kind, event.bounce_class = _SUPPRESSIONS.get(why, (EventKind.UNSUBSCRIBED, None))
    else:
        event.kind = EventKind.SUBSCRIBED if suppressed is False else EventKind.UNKNOWN


_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.BOUNCED: _bounced,
    EventKind.COMPLAINED: _complained,
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.UNSUBSCRIBED: _changed,
}

WEBHOOK = WebhookKind(
    verifier=lambda settings: BasicVerifier(str(settings.get("webhook_username") or ""), str(settings.get("webhook_password") or "")),
    read=read,
    guide="At Postmark in your message stream under Webhooks: add this address, user name and password under Basic auth, and all events.",
)
