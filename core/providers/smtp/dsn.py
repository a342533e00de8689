"""Delivery status notifications (RFC 3464): what a mail server says became of a message, recipient by recipient."""

from __future__ import annotations

import re
from email.message import Message

from core.providers.bounce_classes import classify
from core.providers.reading import kept, ours, reason
from core.providers.smtp.mail import Mail, groups_of, header_of, moment
from core.providers.webhooks import ProviderEvent
from core.storage.event_words import BounceClass, EventKind

CONTENT_TYPES = ("message/delivery-status", "message/global-delivery-status")

# `relayed` and `expanded` say that others have it now; what becomes of it there, they may tell later or never.
_KINDS = {"failed": EventKind.BOUNCED, "delayed": EventKind.DEFERRED, "delivered": EventKind.DELIVERED}
_ELSEWHERE = frozenset({"relayed", "expanded"})
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_DIAGNOSTIC_TYPE = re.compile(r"^\s*[A-Za-z0-9-]{1,40}\s*;\s*")
_SMTP = re.compile(r"^\s*smtp\s*;", re.IGNORECASE)


def read_dsn(mail: Mail) -> list[ProviderEvent] | None:
    """Return the events of a delivery status notification, one for each recipient it is about; None if it is none."""
    text = mail.part(*CONTENT_TYPES)
    if text is None:
        return None
    whole, groups = _sorted(groups_of(text))
    envelope = header_of(whole, "Original-Envelope-Id").strip("<> ").partition("@")[0] if whole is not None else ""
    found = [_event(mail, group, mail.key or ours(envelope)) for group in groups]
    events = [event for event in found if event is not None]
    if any(_action(group) in _ELSEWHERE or _action(group) == "delivered" for group in groups):
        _soften(events)
    return events


def _sorted(groups: list[Message]) -> tuple[Message | None, list[Message]]:
    """Return the group about the whole message and those about recipients; some servers leave the first out."""
    recipients = [group for group in groups if group.get("Action") or group.get("Final-Recipient") or group.get("Original-Recipient")]
    whole = next((group for group in groups if group not in recipients), None)
    return whole, recipients


def _event(mail: Mail, group: Message, key: str) -> ProviderEvent | None:
    action, status = _action(group), _status(group)
    kind = _KINDS.get(action) or (EventKind.UNKNOWN if action not in _ELSEWHERE else None)
    if kind is None:
        return None
    said = header_of(group, "Diagnostic-Code")
    words = _DIAGNOSTIC_TYPE.sub("", said, count=1)
    return ProviderEvent(
        kind,
        moment(header_of(group, "Last-Attempt-Date")) or mail.at,
        recipient=_address(group),
        message_key=key,
        bounce_class=_class(said, words, status, mail).value if kind is EventKind.BOUNCED else None,
        reason=reason(words, status),
        properties=kept(action=action, status=status),
    )


def _class(said: str, words: str, status: str, mail: Mail) -> BounceClass:
    """Return what the report says about the address: its codes first, the words meant for readers only where it has none."""
    found = classify(said if _SMTP.match(said) else words, status=status)
    if found is BounceClass.UNKNOWN and not words and not status:
        return classify(mail.words[:1_000])
    return found


def _soften(events: list[ProviderEvent]) -> None:
    """An address that passes mail on to several is none that does not exist, even if one of those does not."""
    for event in events:
        if event.bounce_class == BounceClass.HARD:
            event.bounce_class = BounceClass.SOFT.value


def _action(group: Message) -> str:
    return header_of(group, "Action").partition(" ")[0].strip(";()").lower()


def _status(group: Message) -> str:
    found = _STATUS.search(header_of(group, "Status"))
    return found[0] if found else ""


def _address(group: Message) -> str:
    """Return the recipient as we named them, else as the last server did ("rfc822; ann@example.com")."""
    for name in ("Original-Recipient", "Final-Recipient"):
        address = header_of(group, name).partition(";")[2].strip("<> ")
        if "@" in address:
            return address[:320]
    return ""
