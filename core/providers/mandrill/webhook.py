"""Reports of Mandrill: a form with a JSON list in `mandrill_events`, signed with HMAC-SHA1 over the address and the fields.

Documented at https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from core.providers import bounce_codes
from core.providers.bounce_classes import settle
from core.providers.reading import at_seconds, events_of, kept, part, reason, word
from core.providers.reports import Row, address, first, returned_key, returned_tags
from core.providers.webhooks import Forged, ProviderEvent, UnreadableReport, WebhookKind, WebhookRequest, is_same
from core.storage.event_words import BounceClass, EventKind

_FIELD = "mandrill_events"
_FIELDS = 20
# Decoding makes a text of every escaped character: 1,000 events, Mandrill's largest batch, have some 300,000 in 2 MB.
_LONGEST, _MOST_ESCAPES = 8 * 1024 * 1024, 2_000_000
# What an address is tried with before it has a key: an empty list, signed with a word everybody knows.
_TRY = b"[]"
_KINDS = {
    "send": EventKind.SENT,
    "delivered": EventKind.DELIVERED,
    "deferral": EventKind.DEFERRED,
    "hard_bounce": EventKind.BOUNCED,
    "soft_bounce": EventKind.BOUNCED,
    "reject": EventKind.REJECTED,
    "open": EventKind.OPENED,
    "click": EventKind.CLICKED,
    "spam": EventKind.COMPLAINED,
    "unsub": EventKind.UNSUBSCRIBED,
}


class MandrillVerifier:
    """Believes reports whose header holds the HMAC-SHA1 over the address as Mandrill was told it and the sorted fields.

    Args:
        key: What was entered for the connection; without one nothing is believed.
    """

    def __init__(self, key: str) -> None:
        self._key = key.strip().encode()

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed with the key.

        Raises:
            Forged: If it is not.
        """
        fields = sorted(_fields(request.body))
        signed = (request.url + "".join(name + value for name, value in fields)).encode("utf-8", "surrogatepass")
        given = request.headers.get("x-mandrill-signature", "").strip()
        key = self._key
        if not key or not is_same(given, _signature(key, signed)):
            raise Forged("its signature is not right")


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report.

    Raises:
        UnreadableReport: If it is no form with a JSON list in its field.
    """
    try:
        listed = dict(_fields(body)).get(_FIELD)
    except Forged as error:
        raise UnreadableReport from error
    if listed is None:
        raise UnreadableReport
    return events_of(listed.encode("utf-8", "surrogatepass"), _event)


def is_try(body: bytes) -> bool:
    """Return whether a body is only the try by which Mandrill decides whether it accepts an address at all."""
    return unquote_to_bytes(body[:100]).strip() == _FIELD.encode() + b"=" + _TRY


def _fields(body: bytes) -> list[tuple[str, str]]:
    if len(body) > _LONGEST or body.count(b"%") > _MOST_ESCAPES:
        raise Forged("it is longer than Mandrill's reports")
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:  # not UTF-8, or too many
        raise Forged("it is no form") from error


def _signature(key: bytes, signed: bytes) -> bytes:
    return b64encode(hmac.digest(key, signed, "sha1"))


def _event(row: dict[str, Any]) -> ProviderEvent:
    said, mail = first(row, "event", "type"), part(row, "msg")
    kind = _KINDS.get(said, EventKind.UNKNOWN)
    code, diagnosis = word(mail, "bgtools_code"), first(mail, "diag", "bounce_description")
    return ProviderEvent(
        kind,
        at_seconds(row.get("ts")),
        recipient=address(mail.get("email")) or address(part(row, "reject").get("email")),
        message_key=returned_key(mail.get("metadata"), mail.get("tags")),
        provider_message_id=word(row, "_id") or word(mail, "_id"),
        bounce_class=_bounce_class(kind, said, code, diagnosis),
        reason=reason(diagnosis, first(part(row, "reject"), "detail", "reason"), word(part(mail, "reject"), "reason")),
        url=word(row, "url"),
        ip=word(row, "ip"),
        user_agent=word(row, "user_agent"),
        properties=_properties(kind, said, mail),
    )


def _bounce_class(kind: EventKind, said: str, code: str, diagnosis: str) -> BounceClass | None:
    if kind is EventKind.REJECTED:
        return BounceClass.UNKNOWN
    if kind is not EventKind.BOUNCED:
        return None
    known = bounce_codes.class_of(code)
    # Mandrill's own word decides between hard and soft; the number tells what is about us and not about the address.
    if known is BounceClass.BLOCK:
        return known
    return settle(BounceClass.HARD if said == "hard_bounce" else BounceClass.SOFT, diagnosis)


def _properties(kind: EventKind, said: str, mail: Row) -> dict[str, Any]:
    described = word(mail, "bounce_description") if kind is EventKind.BOUNCED else ""
    return returned_tags(mail.get("tags")) | kept(bounce_description=described, event=said if kind is EventKind.UNKNOWN else "")


WEBHOOK = WebhookKind(
    verifier=lambda settings: MandrillVerifier(str(settings.get("webhook_key") or "")),
    read=read,
    is_try=is_try,
    guide=(
        "In Mandrill under Settings, Webhooks: add a webhook with exactly this address and all message events, then enter its key here. "
        "Mandrill signs the address too, so it must be the public one shown."
    ),
)
