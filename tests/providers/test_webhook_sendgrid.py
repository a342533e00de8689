"""SendGrid: who signed a report, and what it says."""

from __future__ import annotations

import base64
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as some
from sendgrid.helpers.eventwebhook import EventWebhook

from core.errors import InvalidInput
from core.providers.entering import checked_values, kind_named
from core.providers.sendgrid.webhook import WEBHOOK
from core.storage.event_words import Actor, BounceClass, EventKind
from tests.providers.reports import (
    ANY_JSON,
    KEY,
    NOW,
    SECONDS,
    assert_needs_json,
    assert_reads_or_refuses,
    is_believed,
    one,
    request,
    told,
)

SIGNATURE = "x-twilio-email-event-webhook-signature"
TIMESTAMP = "x-twilio-email-event-webhook-timestamp"
PRIVATE = ec.generate_private_key(ec.SECP256R1())
BODY = b'[{"event":"delivered","email":"ann@example.com","timestamp":1795348800}]\r\n'

# What the tests of SendGrid's own library sign with, and check: https://github.com/sendgrid/sendgrid-python.
VENDOR_KEY = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
VENDOR_SIGNATURE = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
VENDOR_TIMESTAMP = "1600112502"
VENDOR_BODY = (
    b'[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address",'
    b'"sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",'
    b'"sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",'
    b'"smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]\r\n'
)


def public(key: Any) -> str:
    der = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def signed(body: bytes = BODY, seconds: int = SECONDS, key: ec.EllipticCurvePrivateKey = PRIVATE) -> dict[str, str]:
    signature = key.sign(b"%d" % seconds + body, ec.ECDSA(hashes.SHA256()))
    return {SIGNATURE: base64.b64encode(signature).decode(), TIMESTAMP: str(seconds)}


def verifier(key: str = public(PRIVATE)) -> Any:
    return WEBHOOK.verifier({"webhook_public_key": key})


def test_a_signed_report_is_believed() -> None:
    assert is_believed(verifier(), request(BODY, signed()))


def test_the_vendors_own_example_is_believed_and_read() -> None:
    headers = {SIGNATURE: VENDOR_SIGNATURE, TIMESTAMP: VENDOR_TIMESTAMP}
    then = datetime.fromtimestamp(int(VENDOR_TIMESTAMP) + 5, UTC)
    assert is_believed(verifier(VENDOR_KEY), request(VENDOR_BODY, headers, then))
    assert not is_believed(verifier(VENDOR_KEY), request(VENDOR_BODY.rstrip(), headers, then))
    [event] = WEBHOOK.read(VENDOR_BODY, "application/json")
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.REJECTED, "hard", "Bounced Address")
    assert event.provider_message_id == "LRzXl_NHStOGhQ4kofSm_A"
    assert event.rfc_message_id == "LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net"
    assert event.at == datetime(2020, 9, 14, 19, 41, 32, tzinfo=UTC)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({TIMESTAMP: str(SECONDS)}, id="no signature"),
        pytest.param({SIGNATURE: signed()[SIGNATURE]}, id="no timestamp"),
        pytest.param(signed() | {SIGNATURE: ""}, id="an empty signature"),
        pytest.param(signed() | {SIGNATURE: "not base64!"}, id="no base64"),
        pytest.param(signed() | {SIGNATURE: "ünïcode"}, id="a signature that is not ASCII"),
        pytest.param(signed() | {SIGNATURE: base64.b64encode(b"not DER").decode()}, id="no DER"),
        pytest.param(signed() | {TIMESTAMP: "soon"}, id="a timestamp in words"),
        pytest.param(signed() | {TIMESTAMP: "١٢٣٤"}, id="digits of another script"),
        pytest.param(signed() | {TIMESTAMP: "9" * 5_000}, id="a timestamp without end"),
        pytest.param(signed() | {TIMESTAMP: str(SECONDS + 1)}, id="another timestamp"),
        pytest.param(signed(key=ec.generate_private_key(ec.SECP256R1())), id="another key"),
    ],
)
def test_a_report_that_is_not_signed_right_is_refused(headers: dict[str, str]) -> None:
    assert not is_believed(verifier(), request(BODY, headers))


@given(some.integers(0, len(BODY) - 1), some.integers(1, 255))
def test_a_body_changed_by_a_byte_is_refused(place: int, change: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= change
    assert not is_believed(verifier(), request(bytes(changed), signed()))


def test_a_report_is_believed_for_as_long_as_sendgrid_tries_and_no_longer() -> None:
    for hours, expected in ((0, True), (29, True), (35.9, True), (36.1, False), (24 * 30, False)):
        assert is_believed(verifier(), request(BODY, signed(), NOW + timedelta(hours=hours))) is expected, hours
    assert not is_believed(verifier(), request(BODY, signed(), NOW - timedelta(days=3)))


@pytest.mark.parametrize("key", ["", "words", "MFkw", VENDOR_KEY[:-8], public(rsa.generate_private_key(65537, 2048)), "ü" * 40])
def test_without_a_key_that_can_be_used_nothing_is_believed(key: str) -> None:
    assert not is_believed(verifier(key), request(BODY, signed()))


def test_a_key_that_is_none_is_refused_when_it_is_entered() -> None:
    kind = kind_named("sendgrid")
    for wrong in ("MFkw…", "SG.an-api-key", public(ec.generate_private_key(ec.SECP384R1()))):
        with pytest.raises(InvalidInput, match="not a verification key"):
            checked_values(kind, {"webhook_public_key": wrong})
    assert checked_values(kind, {"webhook_public_key": VENDOR_KEY})[0]["webhook_public_key"] == VENDOR_KEY
    assert checked_values(kind, {"api_key": "SG.x"})[1] == {"api_key": "SG.x"}


def test_a_key_may_be_entered_with_the_lines_of_pem() -> None:
    pem = f"-----BEGIN PUBLIC KEY----- {public(PRIVATE)} -----END PUBLIC KEY-----"
    assert is_believed(verifier(pem), request(BODY, signed()))


@given(some.booleans(), some.booleans(), some.text("abcü[]{}\r\n", max_size=30))
def test_the_vendors_library_says_the_same(right_key: bool, right_body: bool, text: str) -> None:
    body = text.encode()
    headers = signed(body if right_body else body + b"x")
    key = public(PRIVATE) if right_key else VENDOR_KEY
    theirs = EventWebhook(key).verify_signature(text, headers[SIGNATURE], headers[TIMESTAMP])
    assert is_believed(verifier(key), request(body, headers)) is theirs


BASE = {
    "email": "ann@example.com",
    "timestamp": SECONDS,
    "smtp-id": "<17-0f3a9c71d2b4@news.example.com>",
    "sg_event_id": "ZyjAM5rnQmuI1KFInHQ3Nw",
    "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
    "pw_message": KEY,
    "category": ["autumn"],
}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("processed", EventKind.SENT),
        ("delivered", EventKind.DELIVERED),
        ("deferred", EventKind.DEFERRED),
        ("bounce", EventKind.BOUNCED),
        ("dropped", EventKind.REJECTED),
        ("open", EventKind.OPENED),
        ("click", EventKind.CLICKED),
        ("spamreport", EventKind.COMPLAINED),
        ("unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_unsubscribe", EventKind.UNSUBSCRIBED),
        ("group_resubscribe", EventKind.SUBSCRIBED),
    ],
)
def test_every_event_is_told_with_its_message(name: str, kind: EventKind) -> None:
    event = one(WEBHOOK, [BASE | {"event": name}])
    assert told(event, "kind", "at", "recipient", "message_key") == (kind, NOW, "ann@example.com", KEY)
    assert told(event, "rfc_message_id", "provider_event_id") == ("17-0f3a9c71d2b4@news.example.com", "ZyjAM5rnQmuI1KFInHQ3Nw")
    assert event.provider_message_id == "14c5d75ce93.dfd.64b469"


@pytest.mark.parametrize(
    ("sg_message_id", "expected"),
    [
        ("LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0", "LRzXl_NHStOGhQ4kofSm_A"),
        ("mW1A57aIQSyd2wV2Sr89Ww.recvd-79b6969b64-mdqmv-1-60944345-12.0", "mW1A57aIQSyd2wV2Sr89Ww"),
        ("mW1A57aIQSyd2wV2Sr89Ww.something-new.0", "mW1A57aIQSyd2wV2Sr89Ww"),
        ("mW1A57aIQSyd2wV2Sr89Ww", "mW1A57aIQSyd2wV2Sr89Ww"),
        ("filter0093p1las1.9128.5717FB8127.0", "filter0093p1las1.9128.5717FB8127.0"),
        ("", ""),
    ],
)
def test_the_message_is_named_as_the_send_call_named_it(sg_message_id: str, expected: str) -> None:
    assert one(WEBHOOK, [BASE | {"event": "delivered", "sg_message_id": sg_message_id}]).provider_message_id == expected


@pytest.mark.parametrize(
    ("told_by_sendgrid", "expected"),
    [
        ({"type": "bounce", "reason": "550 5.1.1 The email account that you tried to reach does not exist", "status": "5.1.1"}, "hard"),
        ({"type": "bounce", "reason": "500 unknown recipient", "status": "5.0.0", "bounce_classification": "Invalid Address"}, "hard"),
        ({"type": "bounce", "reason": "550 5.7.1 rejected as spam", "status": "5.7.1"}, "block"),
        ({"type": "bounce", "reason": "550 rejected", "bounce_classification": "Reputation"}, "block"),
        ({"type": "bounce", "reason": "552 5.2.2 mailbox full", "status": "5.2.2"}, "soft"),
        ({"type": "bounce", "reason": "550 no", "bounce_classification": "Mailbox Unavailable"}, "soft"),
        ({"type": "bounce", "reason": "unable to get mx info", "bounce_classification": "Technical"}, "hard"),
        ({"type": "blocked", "reason": "550 5.7.1 blocked by a blocklist", "status": "5.7.1"}, "block"),
        ({"type": "blocked", "reason": "452 4.2.2 over quota", "status": "4.2.2"}, "soft"),
        ({"type": "blocked", "reason": "550 5.1.1 user unknown", "bounce_classification": "Invalid Address"}, "block"),
        ({"type": "blocked", "reason": "no reason"}, "block"),
        ({"reason": "550 5.1.1 user unknown"}, "hard"),
        ({"reason": "no reason"}, "unknown"),
    ],
)
def test_a_bounce_says_what_it_says_about_the_address(told_by_sendgrid: dict[str, str], expected: str) -> None:
    event = one(WEBHOOK, [BASE | {"event": "bounce"} | told_by_sendgrid])
    assert (event.kind, event.bounce_class) == (EventKind.BOUNCED, expected)
    assert event.reason == told_by_sendgrid["reason"]


@pytest.mark.parametrize(
    ("why", "expected"),
    [
        ("Bounced Address", BounceClass.HARD),
        ("Invalid", BounceClass.HARD),
        ("Invalid SMTPAPI header", BounceClass.UNKNOWN),
        ("Spam Content (if Spam Checker app is enabled)", BounceClass.BLOCK),
        ("Unsubscribed Address", BounceClass.UNKNOWN),
        ("Spam Reporting Address", BounceClass.UNKNOWN),
        ("Recipient List over Package Quota", BounceClass.UNKNOWN),
    ],
)
def test_what_was_dropped_says_why(why: str, expected: BounceClass) -> None:
    event = one(WEBHOOK, [BASE | {"event": "dropped", "reason": why}])
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.REJECTED, expected.value, why)


def test_an_open_says_who_asked_and_whether_it_was_a_machine() -> None:
    opened = BASE | {"event": "open", "ip": "203.0.113.9", "useragent": "Mozilla/5.0", "sg_machine_open": False}
    assert told(one(WEBHOOK, [opened]), "ip", "user_agent", "actor") == ("203.0.113.9", "Mozilla/5.0", None)
    assert one(WEBHOOK, [opened | {"sg_machine_open": True}]).actor == Actor.MACHINE
    clicked = BASE | {"event": "click", "ip": "203.0.113.9", "url": "https://shop.example.com/a?b=c"}
    assert told(one(WEBHOOK, [clicked]), "url", "ip") == ("https://shop.example.com/a?b=c", "203.0.113.9")


def test_the_server_that_sent_is_nobody_who_asked() -> None:
    for name in ("delivered", "bounce", "deferred"):
        assert one(WEBHOOK, [BASE | {"event": name, "ip": "167.89.17.173"}]).ip == ""


def test_no_address_and_no_tag_gets_into_what_is_kept() -> None:
    event = one(
        WEBHOOK, [BASE | {"event": "bounce", "type": "bounce", "reason": "550 5.1.1 <ann@example.com>: unknown", "status": "5.1.1"}]
    )
    assert event.reason == "550 5.1.1 <…>: unknown"
    assert event.properties == {"type": "bounce", "status": "5.1.1"}


def test_a_word_nobody_knows_is_kept() -> None:
    event = one(WEBHOOK, [{"event": "account_status_change", "type": "compliance_suspend"}])
    assert told(event, "kind", "properties") == (EventKind.UNKNOWN, {"event": "account_status_change"})


def test_an_item_that_is_none_does_not_lose_the_others() -> None:
    events = WEBHOOK.read(orjson.dumps([BASE | {"event": "open"}, "words", None, [1], BASE | {"event": "click"}]), "application/json")
    assert [event.kind for event in events] == ["opened", "unknown", "unknown", "unknown", "clicked"]
    assert [event.properties for event in events[1:4]] == [{"malformed": True}] * 3


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)
    assert WEBHOOK.read(b"[]", "application/json") == []


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)
    assert not is_believed(verifier(), request(body))


@given(some.dictionaries(some.sampled_from(sorted({*BASE, "event", "reason", "status", "type", "ip", "useragent", "url"})), ANY_JSON))
def test_any_values_are_read(changed: dict[str, Any]) -> None:
    for name in ("bounce", "open", "unsubscribe", "dropped", "deferred"):
        [event] = assert_reads_or_refuses(WEBHOOK, orjson.dumps([BASE | {"event": name} | changed]))
        assert isinstance(event.kind, EventKind)


def test_a_large_batch_is_checked_and_read_in_no_time() -> None:
    """A generous bar, for a busy machine; the benchmark measures."""
    rows = [BASE | {"event": ("delivered", "open")[number % 2], "sg_event_id": str(number)} for number in range(10_000)]
    body = orjson.dumps(rows)
    given_, checking = request(body, signed(body)), verifier()
    start = time.perf_counter()
    assert is_believed(checking, given_)
    assert len(WEBHOOK.read(body, "application/json")) == 10_000
    assert time.perf_counter() - start < 1
