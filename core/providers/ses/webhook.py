"""Reports of Amazon SES, inside messages of Amazon SNS: one happening each, which may be about several recipients.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from core.providers.bounce_classes import settle
from core.providers.reading import MESSAGE_NAME, at_iso, bare_id, bounded, items, json_of, kept, malformed, part, reason, word
from core.providers.ses.certificates import Certificates, Fetch, fetch
from core.providers.ses.sns import Confirmer, TopicVerifier, topics_in
from core.providers.webhooks import ProviderEvent, UnreadableReport, WebhookKind
from core.storage.event_words import BounceClass, EventKind

_HEADER = "x-postwright-message"
# By the word of SES: what it is to us, and where its details are.
_KINDS = {
    "Send": (EventKind.SENT, "send"),
    "Delivery": (EventKind.DELIVERED, "delivery"),
    "DeliveryDelay": (EventKind.DEFERRED, "deliveryDelay"),
    "Bounce": (EventKind.BOUNCED, "bounce"),
    "Reject": (EventKind.REJECTED, "reject"),
    "Rendering Failure": (EventKind.FAILED, "failure"),
    "Complaint": (EventKind.COMPLAINED, "complaint"),
    "Open": (EventKind.OPENED, "open"),
    "Click": (EventKind.CLICKED, "click"),
    "Subscription": (EventKind.UNSUBSCRIBED, "subscription"),
}
_BOUNCES = {"Permanent": BounceClass.HARD, "Transient": BounceClass.SOFT}
# What SES says more exactly. Nobody's address is bad because a message was too large, or because they said no before.
_SUBTYPES = {
    "ContentRejected": BounceClass.BLOCK,
    "AttachmentRejected": BounceClass.BLOCK,
    "MessageTooLarge": BounceClass.BLOCK,
    "UnsubscribedRecipient": BounceClass.UNKNOWN,
}
# Feedback that is no complaint: somebody took the mail out of the spam folder; a server could not check who sent it.
_NO_COMPLAINTS = ("not-spam", "auth-failure")
_GREETINGS = ("Successfully validated SNS topic", "AmazonSnsSubscriptionSucceeded")


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report, one for each recipient; none of what SNS says about the subscription itself.

    Raises:
        UnreadableReport: If it is no message of SNS.
    """
    message = json_of(body)
    if not isinstance(message, dict) or not isinstance(message.get("Type"), str):
        raise UnreadableReport
    said = word(message, "Message")
    if message["Type"] != "Notification" or said.startswith(_GREETINGS):
        return []
    try:
        happening = json_of(said)
    except UnreadableReport:
        return [malformed()]
    if not isinstance(happening, dict):
        return [malformed()]
    if word(happening, "notificationType") in _GREETINGS:
        return []
    return _named(bounded(_events(happening)), word(message, "MessageId"), message.get("Timestamp"))


def _named(events: list[ProviderEvent], message_id: str, told_at: object) -> list[ProviderEvent]:
    """Give each event a name of its own; those after the first are numbered, for they are told in one message."""
    for place, event in enumerate(events):
        event.provider_event_id = f"{message_id}#{place}" if place and message_id else message_id
        event.at = event.at or at_iso(told_at)
    return events


def _events(happening: Mapping[str, Any]) -> list[ProviderEvent]:
    name = word(happening, "eventType") or word(happening, "notificationType")
    kind, place = _KINDS.get(name, (EventKind.UNKNOWN, ""))
    mail, detail = part(happening, "mail"), part(happening, place)
    event = ProviderEvent(
        kind,
        at_iso(detail.get("timestamp")) or at_iso(mail.get("timestamp")),
        message_key=_key(mail),
        rfc_message_id=bare_id(word(part(mail, "commonHeaders"), "messageId")),
        provider_message_id=word(mail, "messageId"),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    if kind in _MORE:
        _MORE[kind](event, detail)
    to = [one for one in items(mail, "destination") if isinstance(one, str)]
    if kind in _EACH:
        return _EACH[kind](event, detail) or [event]
    if kind in (EventKind.OPENED, EventKind.CLICKED):  # one of them did it, and SES does not say who
        return [replace(event, recipient=to[0] if len(to) == 1 else "")]
    return [replace(event, recipient=one) for one in to] or [event]


def _key(mail: Mapping[str, Any]) -> str:
    for tag in items(part(mail, "tags"), MESSAGE_NAME):
        if isinstance(tag, str):
            return tag
    for header in items(mail, "headers"):
        if isinstance(header, dict) and word(header, "name").lower() == _HEADER:
            return word(header, "value").strip()
    return ""


def _recipients(detail: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in items(detail, name) if isinstance(one, dict)]


def _bounces(event: ProviderEvent, detail: Mapping[str, Any]) -> list[ProviderEvent]:
    given, subtype = word(detail, "bounceType"), word(detail, "bounceSubType")
    verdict = _SUBTYPES.get(subtype) or _BOUNCES.get(given, BounceClass.UNKNOWN)
    events = []
    for one in _recipients(detail, "bouncedRecipients") or [{}]:
        said, status = word(one, "diagnosticCode"), word(one, "status")
        found = verdict if subtype in _SUBTYPES else settle(verdict, said, status=status)
        events.append(
            replace(
                event,
                recipient=word(one, "emailAddress"),
                bounce_class=found.value,
                reason=reason(said, f"{given}: {subtype}"),
                properties=kept(type=given, subtype=subtype, status=status),
            )
        )
    return events


def _complaints(event: ProviderEvent, detail: Mapping[str, Any]) -> list[ProviderEvent]:
    given = word(detail, "complaintFeedbackType")
    event.properties = kept(feedback=given, subtype=word(detail, "complaintSubType"))
    if given in _NO_COMPLAINTS:
        event.kind, event.properties = EventKind.UNKNOWN, {"event": "Complaint"} | event.properties
    return [replace(event, recipient=word(one, "emailAddress")) for one in _recipients(detail, "complainedRecipients")]


def _deliveries(event: ProviderEvent, detail: Mapping[str, Any]) -> list[ProviderEvent]:
    return [replace(event, recipient=one) for one in items(detail, "recipients") if isinstance(one, str)]


def _delays(event: ProviderEvent, detail: Mapping[str, Any]) -> list[ProviderEvent]:
    given = word(detail, "delayType")
    return [
        replace(
            event,
            recipient=word(one, "emailAddress"),
            reason=reason(word(one, "diagnosticCode"), given),
            properties=kept(type=given, status=word(one, "status")),
        )
        for one in _recipients(detail, "delayedRecipients")
    ]


def _engaged(event: ProviderEvent, detail: Mapping[str, Any]) -> None:
    event.url, event.ip, event.user_agent = word(detail, "link"), word(detail, "ipAddress"), word(detail, "userAgent")


def _refused(event: ProviderEvent, detail: Mapping[str, Any]) -> None:
    event.reason = reason(word(detail, "reason"), word(detail, "errorMessage"))
    if event.kind is EventKind.REJECTED:  # SES found something in the content
        event.bounce_class = BounceClass.BLOCK.value


def _changed(event: ProviderEvent, detail: Mapping[str, Any]) -> None:
    new, old = part(detail, "newTopicPreferences"), part(detail, "oldTopicPreferences")
    if new.get("unsubscribeAll") is True or _topics(new, "OptOut") - _topics(old, "OptOut"):
        return
    joined = _topics(new, "OptIn") - _topics(old, "OptIn") or old.get("unsubscribeAll") is True
    event.kind = EventKind.SUBSCRIBED if joined else EventKind.UNKNOWN
    event.properties = {} if joined else {"event": "Subscription"}


def _topics(preferences: Mapping[str, Any], status: str) -> set[str]:
    rows = [row for row in items(preferences, "topicSubscriptionStatus") if isinstance(row, dict)]
    return {word(row, "topicName") for row in rows if word(row, "subscriptionStatus") == status}


_EACH: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], list[ProviderEvent]]] = {
    EventKind.BOUNCED: _bounces,
    EventKind.COMPLAINED: _complaints,
    EventKind.DELIVERED: _deliveries,
    EventKind.DEFERRED: _delays,
}
_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.REJECTED: _refused,
    EventKind.FAILED: _refused,
    EventKind.UNSUBSCRIBED: _changed,
}


def webhook(fetch: Fetch) -> WebhookKind:
    """Return how SES reports.

    Args:
        fetch: Returns what an address of Amazon SNS answers; raises `OSError`.
    """
    certificates = Certificates(fetch)
    return WebhookKind(
        verifier=lambda settings: TopicVerifier(topics_in(str(settings.get("topic_arns") or "")), certificates),
        read=read,
        guide="At Amazon SNS subscribe this address (HTTPS, without raw delivery) to the topic your SES configuration set publishes to.",
        follow_up=Confirmer(fetch),
    )


WEBHOOK = webhook(fetch)
