"""What Postal reports, and what proves it: its RSA key."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.providers.reporting import KEY, asked, flipped, is_believed, read, told, verifier

PRIVATE = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
SPKI = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
BARE = b64encode(PRIVATE.public_key().public_bytes(*SPKI)).decode()
PEM = PRIVATE.public_key().public_bytes(serialization.Encoding.PEM, SPKI[1]).decode()
GOOD = verifier("postal", webhook_public_key=BARE)
BODY = b'{"event": "MessageSent"}'


def signature(body: bytes = BODY, key: rsa.RSAPrivateKey = PRIVATE, method: hashes.HashAlgorithm | None = None) -> str:
    return b64encode(key.sign(body, padding.PKCS1v15(), method or hashes.SHA1())).decode()


OLD = {"x-postal-signature": signature()}
NEW = {"x-postal-signature-256": signature(method=hashes.SHA256()), "x-postal-signature": signature(), "x-postal-signature-kid": "ab" * 32}


@pytest.mark.parametrize("headers", [OLD, NEW], ids=["SHA-1", "SHA-256"])
@pytest.mark.parametrize(
    "key",
    [
        BARE,
        PEM,
        PEM.replace("\n", ""),
        PEM.replace("\n", " "),
        f"v=DKIM1; t=s; h=sha256; p={BARE};",
        f'"v=DKIM1; t=s; p={BARE[:100]}" "{BARE[100:]}"',
    ],
    ids=["base64", "PEM", "PEM in one line", "PEM with spaces", "DKIM record", "DKIM record in pieces"],
)
def test_a_signed_report_is_believed_however_the_key_was_entered(headers: dict[str, str], key: str) -> None:
    assert is_believed(verifier("postal", webhook_public_key=key), asked(BODY, headers))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-postal-signature": ""},
        {"x-postal-signature": "not base64"},
        {"x-postal-signature": "ä"},
        {"x-postal-signature": b64encode(b"invalid").decode()},
        {"x-postal-signature": flipped(signature())},
        {"x-postal-signature": signature(key=OTHER)},
        {"x-postal-signature": signature(b"another body")},
        {"x-postal-signature": signature(method=hashes.SHA256())},
        {"x-postal-signature-256": signature()},
        # A good old signature does not make up for a bad new one.
        OLD | {"x-postal-signature-256": signature(key=OTHER, method=hashes.SHA256())},
        OLD | {"x-postal-signature-256": ""},
    ],
)
def test_a_wrong_signature_is_not_believed(headers: dict[str, str]) -> None:
    assert not is_believed(GOOD, asked(BODY, headers))


def test_a_changed_body_is_not_believed() -> None:
    assert not is_believed(GOOD, asked(BODY + b" ", OLD))
    assert not is_believed(GOOD, asked(BODY + b" ", NEW))


def test_without_a_key_that_can_be_read_nothing_is_believed() -> None:
    curve = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(*SPKI)
    for key in ("", "x", "äöü", "p=", b64encode(b"no key").decode(), b64encode(curve).decode(), "v=DKIM1; p=;"):
        assert not is_believed(verifier("postal", webhook_public_key=key), asked(BODY, NEW))


def report(said: str, **payload: Any) -> bytes:
    mail = {
        "id": 1563,
        "token": "zw6psSlgo6ki",
        "direction": "outgoing",
        "message_id": "1-abc@shop.example",
        "to": "ann@example.com",
        "from": "shop@example.com",
        "subject": "Hello",
        "timestamp": 1606752104.699201,
        "spam_status": "NotChecked",
        "tag": f"pw_message:{KEY}",
    }
    common = {"message": mail, "timestamp": 1606752106.98, "sent_with_ssl": False, "time": 0.89}
    return orjson.dumps({"event": said, "timestamp": 1606753101.354368, "payload": common | payload, "uuid": "58e8d7ee-2cd5"})


def test_a_delivery_is_read_in_full() -> None:
    body = report("MessageSent", status="Sent", details="Message for ann@example.com accepted", output="250 2.0.0 OK\n")
    [event] = read("postal", body)
    assert told(event) == {
        "kind": "delivered",
        "at": datetime(2020, 11, 30, 16, 18, 21, 354368, tzinfo=UTC),
        "recipient": "ann@example.com",
        "message_key": KEY,
        "rfc_message_id": "1-abc@shop.example",
        "provider_event_id": "58e8d7ee-2cd5",
        "provider_message_id": "1563",
        "reason": "250 2.0.0 OK",
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("MessageDelayed", "deferred"),
        ("MessageHeld", "deferred"),
        ("MessageDeliveryFailed", "bounced"),
        ("MessageLoaded", "opened"),
        ("MessageLinkClicked", "clicked"),
        ("SendLimitApproaching", "unknown"),
        ("DomainDNSError", "unknown"),
    ],
)
def test_every_word_has_a_kind(said: str, kind: str) -> None:
    assert [event.kind for event in read("postal", report(said))] == [kind]


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown", "hard"),
        ("550 No such user here", "hard"),
        ("554 5.7.1 Service unavailable; client host blocked", "block"),
        ("552 5.2.2 mailbox full", "soft"),
        ("554 transaction failed", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_failure_is_classed_by_what_the_other_server_said(output: str, expected: str) -> None:
    [event] = read("postal", report("MessageDeliveryFailed", status="HardFail", details="Could not deliver", output=output))
    assert (event.kind, event.bounce_class) == ("bounced", expected)
    assert event.reason == (output.replace("ann@example.com", "…") or "Could not deliver")


@pytest.mark.parametrize("said", ["MessageBounced", "MessageDelayed"])
def test_a_bounce_that_came_by_mail_is_about_the_original_message(said: str) -> None:
    original = {"id": 233843, "direction": "outgoing", "message_id": "2-def@shop.example", "to": "bob@example.com"}
    answer = {"id": 233864, "direction": "incoming", "message_id": "E1kiRR8@example.com", "to": "bk87jw@psrp.example.com"}
    [event] = read("postal", report(said, message=None, original_message=original, bounce=answer))
    assert (event.kind, event.recipient, event.rfc_message_id, event.bounce_class) == (
        "bounced",
        "bob@example.com",
        "2-def@shop.example",
        "unknown",
    )


def test_what_is_held_for_good_was_rejected() -> None:
    [event] = read("postal", report("MessageHeld", status="Held", details="Recipient (ann@example.com) is on the suppression list"))
    assert (event.kind, event.bounce_class) == ("rejected", "unknown")


def test_a_click_says_where_and_who() -> None:
    [event] = read("postal", report("MessageLinkClicked", url="https://shop.example/", ip_address="203.0.113.9", user_agent="Mozilla/5.0"))
    assert (event.url, event.ip, event.user_agent) == ("https://shop.example/", "203.0.113.9", "Mozilla/5.0")


def test_of_mail_that_came_in_there_are_no_events() -> None:
    assert read("postal", report("MessageDeliveryFailed", message={"direction": "incoming", "to": "us@example.com"})) == []
