"""What MailerSend reports in its two forms, and what proves it."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from core.providers.mailersend.webhook import is_try
from tests.providers.reporting import KEY, asked, flipped, is_believed, read, told, verifier

SECRET = "a signing secret"
GOOD = verifier("mailersend", webhook_signing_secret=SECRET)


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {"signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def newer(said: str, **more: Any) -> bytes:
    """As it is sent: with its slashes escaped."""
    data = {
        "id": "63fd1c1d31b9c750540fe85c",
        "type": said,
        "message_id": "63fd1c1d5f010335ed07066b",
        "recipient": "ann@example.com",
        "tags": ["spring", f"pw_message:{KEY}"],
        "meta": [],
    }
    report = {"type": f"activity.{said}", "created_at": "2026-11-25T11:55:00.520507Z", "webhook_id": "w", "data": data | more}
    return orjson.dumps(report).replace(b"/", b"\\/")


def older(said: str, morph: Any = None) -> bytes:
    mail = {
        "id": "63fd1c1de225707fa905f0a8",
        "status": "sent",
        "tags": [f"pw_message={KEY}"],
        "message": {"id": "63fd1c1d5f010335ed07066b"},
        "recipient": {"email": "ann@example.com"},
    }
    data = {"id": "63fd1c1d31b9c750540fe85c", "type": said, "created_at": "2026-11-25T11:50:00.506000Z", "email": mail, "morph": morph}
    return orjson.dumps({"type": f"activity.{said}", "created_at": "2026-11-25T11:55:00.520507Z", "data": data})


def test_a_signed_report_is_believed() -> None:
    body = newer("sent")
    assert is_believed(GOOD, asked(body, signed(body)))
    assert is_believed(GOOD, asked(body, {"signature": signed(body)["signature"].upper()}))


def test_a_wrong_signature_is_not() -> None:
    body = newer("sent")
    right = signed(body)["signature"]
    wrong = ["", "x", flipped(right), right[:-1], right + "00", signed(body + b" ")["signature"], signed(body, "another")["signature"], "ä"]
    for given in wrong:
        assert not is_believed(GOOD, asked(body, {"signature": given}))
    assert not is_believed(GOOD, asked(body, {}))
    assert not is_believed(GOOD, asked(body.replace(b"sent", b"hard"), signed(body)))


def test_without_a_secret_nothing_is_believed() -> None:
    body = newer("sent")
    for closed in (verifier("mailersend"), verifier("mailersend", webhook_signing_secret=" ")):
        assert not is_believed(closed, asked(body, signed(body, "")))


@pytest.mark.parametrize(
    ("body", "at"),
    [
        (newer("delivered"), datetime(2026, 11, 25, 11, 55, 0, 520507, tzinfo=UTC)),
        (older("delivered"), datetime(2026, 11, 25, 11, 50, 0, 506000, tzinfo=UTC)),
    ],
    ids=["newer", "older"],
)
def test_a_delivery_is_read_in_full(body: bytes, at: datetime) -> None:
    [event] = read("mailersend", body)
    expected = {
        "kind": "delivered",
        "at": at,
        "recipient": "ann@example.com",
        "message_key": KEY,
        "provider_event_id": "63fd1c1d31b9c750540fe85c",
        "provider_message_id": "63fd1c1d5f010335ed07066b",
    }
    assert told(event) | {"properties": {}} == expected | {"properties": {}}


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("sent", "sent"),
        ("deferred", "deferred"),
        ("soft_bounced", "bounced"),
        ("hard_bounced", "bounced"),
        ("suppressed", "rejected"),
        ("opened", "opened"),
        ("opened_unique", "opened"),
        ("clicked", "clicked"),
        ("clicked_unique", "clicked"),
        ("unsubscribed", "unsubscribed"),
        ("spam_complaint", "complained"),
        ("spam_complaints", "complained"),
        ("survey_opened", "unknown"),
    ],
)
def test_every_word_has_a_kind(said: str, kind: str) -> None:
    for body in (newer(said), older(said)):
        assert [event.kind for event in read("mailersend", body)] == [kind]


@pytest.mark.parametrize(
    ("said", "meta", "expected"),
    [
        ("hard_bounced", {"bounce_code": 550, "bounce_reason": "5.1.1 user unknown"}, "hard"),
        ("hard_bounced", {"bounce_reason": "Host or domain name not found"}, "hard"),
        ("hard_bounced", {"bounce_code": 554, "bounce_reason": "5.7.1 blocked for spam"}, "block"),
        ("soft_bounced", {"bounce_code": 452, "bounce_reason": "mailbox full"}, "soft"),
        ("soft_bounced", {"reason": "Unknown reason"}, "soft"),
        ("suppressed", {"suppression_reason": "hard_bounced"}, "unknown"),
    ],
)
def test_a_bounce_tells_its_class(said: str, meta: dict[str, Any], expected: str) -> None:
    for body in (newer(said, meta=meta), older(said, {"object": "recipient_bounce"} | meta)):
        [event] = read("mailersend", body)
        assert event.bounce_class == expected
        assert event.reason


def test_a_click_says_where_and_who() -> None:
    seen = {"ip": "203.0.113.9", "url": "https://shop.example/", "user_agent": "Mozilla/5.0"}
    for body in (newer("clicked", meta=seen), older("clicked", seen)):
        [event] = read("mailersend", body)
        assert (event.url, event.ip, event.user_agent) == ("https://shop.example/", "203.0.113.9", "Mozilla/5.0")


def test_only_a_bare_try_of_the_address_is_one() -> None:
    attempt = b'{"type": "webhook.test", "data": {"object": "x"}}'
    assert is_try(attempt)
    assert read("mailersend", attempt) == []
    for body in (b"", b"[]", b"1", b"[" + attempt + b"," + attempt + b"]", newer("sent"), attempt + b" " * 5000, b"\xff"):
        assert not is_try(body)
