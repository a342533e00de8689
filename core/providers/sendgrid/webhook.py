"""Reports of SendGrid: a list of flat objects, signed with ECDSA over the timestamp and the body.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.providers.bounce_classes import settle
from core.providers.reading import MESSAGE_NAME, at_seconds, bare_id, events_of, kept, reason, word
from core.providers.webhooks import Forged, ProviderEvent, WebhookKind, WebhookRequest
from core.storage.event_words import Actor, BounceClass, EventKind

_SIGNATURE = "x-twilio-email-event-webhook-signature"
_TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
# SendGrid tries for 24 hours, and people have seen it try for 29; whether it signs anew each time it does not say.
_FRESH_SECONDS = 36 * 3600

_KINDS = {
    "processed": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "deferred": EventKind.DEFERRED,
    "bounce": EventKind.BOUNCED,
    "dropped": EventKind.REJECTED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "spamreport": EventKind.COMPLAINED,
    "unsubscribe": EventKind.UNSUBSCRIBED,
    "group_unsubscribe": EventKind.UNSUBSCRIBED,
    "group_resubscribe": EventKind.SUBSCRIBED,
}
# SendGrid's own classes; the rest of them ("Technical", "Unclassified") says nothing about the address.
_CLASSES = {
    "Invalid Address": BounceClass.HARD,
    "Mailbox Unavailable": BounceClass.SOFT,
    "Content": BounceClass.BLOCK,
    "Reputation": BounceClass.BLOCK,
    "Frequency or Volume Too High": BounceClass.BLOCK,
}
_TYPES = {"bounce": BounceClass.HARD, "blocked": BounceClass.BLOCK}
# Why SendGrid did not even try, up to a bracket. Somebody who unsubscribed or complained there has a good address, and
# "Invalid SMTPAPI header" is about the call.
_DROPPED = {"Invalid": BounceClass.HARD, "Bounced Address": BounceClass.HARD, "Spam Content": BounceClass.BLOCK}


def public_key(entered: str) -> EllipticCurvePublicKey | None:
    """Return the key in base64 of its DER form, as SendGrid shows it (with or without PEM's lines), None if it is none."""
    text = entered.replace("-----BEGIN PUBLIC KEY-----", "").replace("-----END PUBLIC KEY-----", "")
    try:
        found = load_der_public_key(b64decode("".join(text.split()), validate=True))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return found if isinstance(found, EllipticCurvePublicKey) and isinstance(found.curve, SECP256R1) else None


class SignatureVerifier:
    """Believes reports that SendGrid signed with the key belonging to a public one.

    SendGrid's own `EventWebhook` does the same; it takes text, so half a megabyte would be decoded and encoded again, raises
    where headers are missing, and brings 4 MB of a package the receiver needs nothing else of. A test holds both together.

    Args:
        entered: The public key as it was entered; without one that can be used nothing is believed.
    """

    def __init__(self, entered: str) -> None:
        self._key = public_key(entered)

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed, and not so long ago.

        Raises:
            Forged: If it is not.
        """
        if self._key is None:
            raise Forged("the connection has no verification key that can be used")
        timestamp = request.headers.get(_TIMESTAMP, "")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise Forged("it has no timestamp")
        if abs(request.at.timestamp() - int(timestamp)) > _FRESH_SECONDS:
            raise Forged("it was signed too long ago, or in the future")
        try:
            signature = b64decode(request.headers.get(_SIGNATURE, ""), validate=True)
            self._key.verify(signature, timestamp.encode() + request.body, ECDSA(SHA256()))
        except (ValueError, InvalidSignature) as error:
            raise Forged("its signature is not SendGrid's") from error


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
        at_seconds(row.get("timestamp")),
        word(row, "email"),
        word(row, MESSAGE_NAME),
        bare_id(word(row, "smtp-id")),
        word(row, "sg_event_id"),
        _send_id(word(row, "sg_message_id")),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    elif kind in _MORE:
        _MORE[kind](event, row)
    return event


def _send_id(sg_message_id: str) -> str:
    """Return what the send call answered in `X-Message-Id`: the id begins with it, the machine that filtered comes after."""
    for mark in (".filter", ".recvd"):
        found = sg_message_id.find(mark)
        if found > 0:
            return sg_message_id[:found]
    return sg_message_id if sg_message_id.startswith(("filter", "recvd")) else sg_message_id.partition(".")[0]


def _engaged(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.url, event.ip, event.user_agent = word(row, "url"), word(row, "ip"), word(row, "useragent")
    if row.get("sg_machine_open") is True:  # Apple's Mail Privacy Protection
        event.actor = Actor.MACHINE.value


def _left(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.ip, event.user_agent = word(row, "ip"), word(row, "useragent")
    event.properties = kept(group=row.get("asm_group_id"))


def _bounced(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    said, status, given, name = (word(row, key) for key in ("reason", "status", "type", "bounce_classification"))
    verdict = _CLASSES.get(name) or _TYPES.get(given, BounceClass.UNKNOWN)
    if given == "blocked" and verdict is BounceClass.HARD:  # SendGrid goes on sending to it, so it does not mean it
        verdict = BounceClass.BLOCK
    event.bounce_class = settle(verdict, said, status=status).value
    event.reason, event.properties = reason(said), kept(type=given, classification=name, status=status)


def _dropped(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    said = word(row, "reason")
    event.bounce_class = _DROPPED.get(said.partition("(")[0].strip(), BounceClass.UNKNOWN).value
    event.reason = reason(said)


def _deferred(event: ProviderEvent, row: Mapping[str, Any]) -> None:
    event.reason, event.properties = reason(word(row, "response"), word(row, "reason")), kept(attempt=row.get("attempt"))


_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.UNSUBSCRIBED: _left,
    EventKind.SUBSCRIBED: _left,
    EventKind.BOUNCED: _bounced,
    EventKind.REJECTED: _dropped,
    EventKind.DEFERRED: _deferred,
}

WEBHOOK = WebhookKind(
    verifier=lambda settings: SignatureVerifier(str(settings.get("webhook_public_key") or "")),
    read=read,
    guide="At SendGrid under Settings → Mail Settings → Event Webhooks: add this address, all events, and switch on the signed webhook.",
)
