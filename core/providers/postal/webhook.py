"""Reports of Postal: one object with `event` and `payload`, signed with the installation's RSA key over the body.

Documented at https://docs.postalserver.io/developer/webhooks. A signature with SHA-256 (`X-Postal-Signature-256`) is the one
that counts where there is one; older servers send SHA-1 only.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as InvalidBase64
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from core.providers.bounce_classes import classify
from core.providers.reading import at_seconds, bare_id, bounded, kept, malformed, part, reason, rows_of, word
from core.providers.reports import Row, address, returned_key, returned_tags
from core.providers.webhooks import Forged, ProviderEvent, WebhookKind, WebhookRequest
from core.storage.event_words import BounceClass, EventKind

_KINDS = {
    "MessageSent": EventKind.DELIVERED,  # its own word for: the other server has taken it
    "MessageDelayed": EventKind.DEFERRED,
    "MessageDeliveryFailed": EventKind.BOUNCED,
    "MessageBounced": EventKind.BOUNCED,
    "MessageHeld": EventKind.DEFERRED,
    "MessageLoaded": EventKind.OPENED,
    "MessageLinkClicked": EventKind.CLICKED,
}
_ARMOUR = re.compile(r"-----[^-]*-----")


class PostalVerifier:
    """Believes reports signed with the key of the Postal server.

    Args:
        key: The public key: base64, PEM, or the DKIM record of the server; without one nothing is believed.
    """

    def __init__(self, key: str) -> None:
        self._key = public_key(key)

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the report is signed with the key.

        Raises:
            Forged: If it is not.
        """
        given = request.headers.get("x-postal-signature-256")
        method = hashes.SHA1() if given is None else hashes.SHA256()  # noqa: S303 - what servers before 3.0 sign with
        given = request.headers.get("x-postal-signature", "") if given is None else given
        if self._key is None:
            raise Forged("no key was entered that can be read")
        try:
            self._key.verify(b64decode(given.strip().encode(), validate=True), request.body, PKCS1v15(), method)
        except (InvalidSignature, InvalidBase64, UnicodeEncodeError) as error:
            raise Forged("its signature is not right") from error


def read(body: bytes, _content_type: str) -> list[ProviderEvent]:
    """Return the events of a report; about mail that came in, there are none.

    Raises:
        UnreadableReport: If it is no JSON object, nor a list.
    """
    return bounded(event for row in rows_of(body) for event in _events(row))


def _events(row: Any) -> list[ProviderEvent]:
    if not isinstance(row, dict):
        return [malformed()]
    payload = part(row, "payload")
    mail = part(payload, "message") or part(payload, "original_message")
    return [] if mail.get("direction") == "incoming" else [_event(row, payload, mail)]


def _event(row: Row, payload: Row, mail: Row) -> ProviderEvent:
    said = word(row, "event")
    kind = _kind(said, payload)
    details, output = word(payload, "details"), word(payload, "output")
    return ProviderEvent(
        kind,
        at_seconds(row.get("timestamp")) or at_seconds(payload.get("timestamp")),
        recipient=address(mail.get("to")),
        message_key=returned_key(mail.get("tag"), mail.get("headers")),
        rfc_message_id=bare_id(word(mail, "message_id")),
        provider_event_id=word(row, "uuid"),
        provider_message_id=word(mail, "id"),
        bounce_class=_bounce_class(kind, output or details),
        reason=reason(output, details),
        url=word(payload, "url"),
        ip=word(payload, "ip_address"),
        user_agent=word(payload, "user_agent"),
        properties=returned_tags(mail.get("tag")) | kept(event=said if kind is EventKind.UNKNOWN else ""),
    )


def _kind(said: str, payload: Row) -> EventKind:
    if part(payload, "bounce") and part(payload, "original_message"):  # older servers call it by another name
        return EventKind.BOUNCED
    if said == "MessageHeld" and "suppression list" in word(payload, "details"):
        return EventKind.REJECTED
    return _KINDS.get(said, EventKind.UNKNOWN)


def _bounce_class(kind: EventKind, output: str) -> BounceClass | None:
    if kind is EventKind.REJECTED:
        return BounceClass.UNKNOWN
    if kind is not EventKind.BOUNCED:
        return None
    # Postal fails for good on every answer of class 5: only what is said tells whether the address is to blame.
    return classify(output)


def public_key(text: str) -> RSAPublicKey | None:
    """Return the key in base64, PEM or a DKIM record, None if it is none."""
    record = next((each.strip()[2:] for each in text.split(";") if each.strip().startswith("p=")), "") if ";" in text else ""
    bare = "".join(_ARMOUR.sub("", record or text).replace('"', "").split())
    try:
        key = load_der_public_key(b64decode(bare.encode(), validate=True))
    except (ValueError, UnsupportedAlgorithm):  # base64 that can't be read is one of the first
        return None
    return key if isinstance(key, RSAPublicKey) else None


WEBHOOK = WebhookKind(
    verifier=lambda settings: PostalVerifier(str(settings.get("webhook_public_key") or "")),
    read=read,
    guide=(
        "In Postal open the mail server, Webhooks: add a webhook with this address for all events, with signing on. The public key is the "
        "value behind p= in what `postal default-dkim-record` prints."
    ),
)
