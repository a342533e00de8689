"""Messages of Amazon SNS: who signed them, for which topic, and the subscription they want confirmed.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html. How old a message is does not matter: its
`MessageId` is signed, so a repetition is known by it, and a queue for undelivered ones may hold it for two weeks.
"""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from core.providers.reading import UNPROVED_BYTES, json_of
from core.providers.ses.certificates import Certificates, Fetch, is_confirmation
from core.providers.webhooks import Forged, UnreadableReport, WebhookRequest

_SUBSCRIBING = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": _SUBSCRIBING,
    "UnsubscribeConfirmation": _SUBSCRIBING,
}
# Version 1 is what a topic has unless told otherwise. SHA-1 fails against whoever may choose two texts and have one of
# them signed; here Amazon signs what it wrote itself, with an id it chose.
_HASHES: dict[str, SHA1 | SHA256] = {"1": SHA1(), "2": SHA256()}  # noqa: S303


def topics_in(entered: str) -> frozenset[str]:
    """Return the topics in what was entered, separated by commas."""
    return frozenset(topic.strip() for topic in entered.split(",") if topic.strip())


class TopicVerifier:
    """Believes messages Amazon SNS signed for one of our topics; anybody may have Amazon sign for a topic of their own.

    Args:
        topics: The topics; without one nothing is believed.
        certificates: Has the certificates.
    """

    def __init__(self, topics: frozenset[str], certificates: Certificates) -> None:
        self._topics, self._certificates = topics, certificates

    def verify(self, request: WebhookRequest) -> None:
        """Do nothing if the message is signed and for one of the topics.

        Raises:
            Forged: If it is not.
            Undecided: If that can't be told, because the certificate can't be fetched.
        """
        message = message_in(request.body)
        topic = message.get("TopicArn")
        if not isinstance(topic, str) or topic not in self._topics:
            raise Forged("it is for no topic of this connection")
        hashing = _HASHES.get(str(message.get("SignatureVersion")))
        if hashing is None:
            raise Forged("its signature is of an unknown version")
        signed = string_to_sign(message)
        key = self._certificates.key(message.get("SigningCertURL"), request.at)
        try:
            key.verify(b64decode(str(message.get("Signature")), validate=True), signed, PKCS1v15(), hashing)
        except (ValueError, InvalidSignature) as error:
            raise Forged("its signature is not Amazon's") from error


class Confirmer:
    """Confirms the subscription of a topic, which Amazon SNS asks for once before it sends anything.

    Args:
        fetch: Returns what an address answers; raises `OSError`.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch

    def __call__(self, request: WebhookRequest) -> None:
        """Do what a genuine message asks for: confirm a subscription, else nothing.

        Raises:
            Forged: If the address to confirm at is not Amazon's.
            OSError: If it does not answer.
        """
        message = message_in(request.body)
        if message["Type"] != "SubscriptionConfirmation":  # the address in a goodbye would subscribe again
            return
        url = message.get("SubscribeURL")
        if not isinstance(url, str) or not is_confirmation(url):
            raise Forged("the address to confirm at is not Amazon's")
        self._fetch(url)


def message_in(body: bytes) -> dict[str, Any]:
    """Return the message in a body.

    Raises:
        Forged: If there is none of a known type.
    """
    try:
        message = json_of(body, most_bytes=UNPROVED_BYTES)
    except UnreadableReport as error:
        raise Forged("it is no JSON, or too long for a message") from error
    if not isinstance(message, dict) or message.get("Type") not in tuple(_SIGNED):
        raise Forged("it is no message of Amazon SNS")
    return message


def string_to_sign(message: dict[str, Any]) -> bytes:
    """Return what Amazon has signed of a message: some of its names and values, a line each.

    Raises:
        Forged: If something that must be signed is missing.
    """
    lines = []
    for name in _SIGNED[message["Type"]]:
        value = message.get(name)
        if value is None and name == "Subject":  # the only one that may be missing
            continue
        if not isinstance(value, str):
            raise Forged("something that must be signed is missing")
        lines += [name, value]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
