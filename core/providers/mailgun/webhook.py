"""Reports of Mailgun: one event each, signed over a timestamp and a token, but not over what it says.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads. The form posts of before 2018 are not
read: Mailgun has switched them off.
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from hashlib import blake2b
from threading import Lock
from typing import Any

from core.providers.bounce_classes import classify, settle
from core.providers.reading import UNPROVED_BYTES, at_seconds, bare_id, full_id, json_of, kept, malformed, message_key, part, reason, word
from core.providers.webhooks import Forged, ProviderEvent, UnreadableReport, WebhookKind, WebhookRequest, is_same
from core.storage.event_words import Actor, BounceClass, EventKind

# Mailgun tries for 8 hours; it does not say whether a later try is signed anew.
_FRESH_SECONDS = 12 * 3600
# Each process of the receiver remembers this many reports of a connection; that is some 6 MB.
_REMEMBERED = 32_768

_KINDS = {
    "accepted": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "failed": EventKind.BOUNCED,
    "rejected": EventKind.REJECTED,
    "opened": EventKind.OPENED,
    "clicked": EventKind.CLICKED,
    "complained": EventKind.COMPLAINED,
    "unsubscribed": EventKind.UNSUBSCRIBED,
}
_VERDICTS = {"hard": BounceClass.HARD, "soft": BounceClass.SOFT}
# Why Mailgun gave up. Somebody who unsubscribed or complained there has a good address.
_REASONS = {
    "bounce": BounceClass.HARD,
    "suppress-bounce": BounceClass.HARD,
    "suppress-unsubscribe": BounceClass.UNKNOWN,
    "suppress-complaint": BounceClass.UNKNOWN,
    "espblock": BounceClass.BLOCK,
    "old": BounceClass.SOFT,
}
_BOTS = {"gmail": Actor.PROXY.value}  # Gmail's proxy fetches for a person; "apple" and "generic" for nobody


class TokenVerifier:
    """Believes reports that bring a token Mailgun signed lately, and each token with one body only.

    The signature does not cover what the report says, so whoever sees one could send anything with it; remembering the tokens
    takes that away, and the same report tried again is still believed.

    Args:
        key: The webhook signing key; without one nothing is believed.
        remembered: How many tokens are remembered at most; the oldest go first.
    """

    def __init__(self, key: str, remembered: int = _REMEMBERED) -> None:
        self._key, self._remembered = key.encode("utf-8", "surrogatepass"), remembered
        self._seen: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = Lock()

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed, new, and its token was not used for another one.

        Raises:
            Forged: If it is not.
        """
        if not self._key:
            raise Forged("the connection has no signing key")
        signature = _signature(request.body)
        timestamp, token = word(signature, "timestamp"), word(signature, "token")
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12 and token):
            raise Forged("it has no timestamp or no token")
        # Nothing stands between the two, so digits could wander from one to the other: such a time is far away.
        signed = f"{timestamp}{token}".encode("utf-8", "surrogatepass")
        expected = hmac.digest(self._key, signed, "sha256").hex()
        # Of a subaccount both accounts sign; either key may have been entered.
        given = [word(signature, name) for name in ("signature", "parent-signature")]
        if not any([is_same(one, expected) for one in given]):
            raise Forged("its signature is not Mailgun's")
        if abs(request.at.timestamp() - int(timestamp)) > _FRESH_SECONDS:
            raise Forged("it was signed too long ago, or in the future")
        self._remember(signed, request.body)

    def _remember(self, signed: bytes, body: bytes) -> None:
        name, said = blake2b(signed, digest_size=16).digest(), blake2b(body, digest_size=16).digest()
        with self._lock:
            if self._seen.setdefault(name, said) != said:
                raise Forged("its token was used for another report")
            while len(self._seen) > self._remembered:
                self._seen.popitem(last=False)


def _signature(body: bytes) -> Mapping[str, Any]:
    try:
        found = json_of(body, most_bytes=UNPROVED_BYTES)
    except UnreadableReport as error:
        raise Forged("it is no JSON, or too long for one event") from error
    return part(found, "signature") if isinstance(found, dict) else {}


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the event of a report.

    Raises:
        UnreadableReport: If it is no JSON object.
    """
    found = json_of(body)
    if not isinstance(found, dict):
        raise UnreadableReport
    data = part(found, "event-data")
    return [_event(data) if data else malformed()]


def _event(data: Mapping[str, Any]) -> ProviderEvent:
    name, headers = word(data, "event"), part(part(data, "message"), "headers")
    kind, message_id = _KINDS.get(name, EventKind.UNKNOWN), word(headers, "message-id")
    at = at_seconds(data.get("timestamp"))
    event = ProviderEvent(
        kind,
        at,
        recipient=word(data, "recipient") or parseaddr(word(headers, "to"))[1],  # "rejected" has the header only
        message_key=message_key(data.get("user-variables")),
        rfc_message_id=bare_id(message_id),
        # Mailgun promises that it is unique within a day only.
        provider_event_id=f"{word(data, 'id')}/{at:%Y%m%d}" if at and word(data, "id") else word(data, "id"),
        provider_message_id=full_id(message_id),
    )
    if kind is EventKind.UNKNOWN:
        event.properties = kept(event=name)
    elif kind in _MORE:
        _MORE[kind](event, data)
    return event


def _engaged(event: ProviderEvent, data: Mapping[str, Any]) -> None:
    client = part(data, "client-info")
    event.url, event.ip, event.user_agent = word(data, "url"), word(data, "ip"), word(client, "user-agent")
    bot = word(client, "bot")
    if bot:
        event.actor = _BOTS.get(bot, Actor.MACHINE.value)
        event.properties = kept(bot=bot)


def _failed(event: ProviderEvent, data: Mapping[str, Any]) -> None:
    status, why, severity = part(data, "delivery-status"), word(data, "reason"), word(data, "severity")
    code, enhanced = status.get("code"), word(status, "enhanced-code")
    event.reason = reason(word(status, "message"), word(status, "description"), why)
    event.properties = kept(reason=why, severity=severity, code=code, status=enhanced)
    if severity == "temporary":
        event.kind = EventKind.DEFERRED
    elif why.startswith("suppress-"):  # never tried
        event.kind, event.bounce_class = EventKind.REJECTED, _REASONS.get(why, BounceClass.UNKNOWN).value
    else:
        verdict = _VERDICTS.get(word(status, "bounce-type")) or _REASONS.get(why, BounceClass.UNKNOWN)
        smtp = code if isinstance(code, int) and 500 <= code <= 599 else None  # 498, 499, 605 are Mailgun's own
        event.bounce_class = settle(verdict, word(status, "message"), smtp_code=smtp, status=enhanced).value


def _rejected(event: ProviderEvent, data: Mapping[str, Any]) -> None:
    refused = part(data, "reject")
    event.reason = reason(word(refused, "reason"), word(refused, "description"))
    found = classify(event.reason)
    event.bounce_class = (BounceClass.UNKNOWN if found is BounceClass.HARD else found).value


_MORE: dict[EventKind, Callable[[ProviderEvent, Mapping[str, Any]], None]] = {
    EventKind.OPENED: _engaged,
    EventKind.CLICKED: _engaged,
    EventKind.UNSUBSCRIBED: _engaged,
    EventKind.BOUNCED: _failed,
    EventKind.REJECTED: _rejected,
}

WEBHOOK = WebhookKind(
    verifier=lambda settings: TokenVerifier(str(settings.get("webhook_signing_key") or "")),
    read=read,
    guide="At Mailgun under Sending → Webhooks, for your domain: add this address for every event.",
)
