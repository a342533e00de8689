"""Postmark: user name and password, and what the reports say."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.providers.postmark.webhook import WEBHOOK
from core.storage.event_words import BounceClass, EventKind
from tests.providers.reports import ANY_JSON, KEY, assert_needs_json, assert_reads_or_refuses, is_believed, one, request, told

BASE = {
    "ServerID": 23,
    "MessageStream": "broadcast",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Tag": "autumn",
    "Metadata": {"pw_message": KEY},
}
DELIVERY = BASE | {
    "RecordType": "Delivery",
    "Recipient": "ann@example.com",
    "DeliveredAt": "2026-11-22T07:00:00.2735393-05:00",
    "Details": "250 OK",
}
BOUNCE = BASE | {
    "RecordType": "Bounce",
    "ID": 4323372036854775807,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
    "Details": "smtp;550 5.1.1 <ann@example.com> The account does not exist.",
    "Email": "ann@example.com",
    "From": "news@shop.example",
    "BouncedAt": "2026-11-22T12:00:00.5Z",
    "Inactive": True,
    "CanActivate": True,
    "Subject": "Hello",
}
OPEN = BASE | {
    "RecordType": "Open",
    "Recipient": "ann@example.com",
    "ReceivedAt": "2026-11-22T12:00:00Z",
    "FirstOpen": True,
    "UserAgent": "Mozilla/5.0 (Windows NT 10.0)",
    "Geo": {"CountryISOCode": "RS", "IP": "203.0.113.9"},
}
CHANGE = BASE | {
    "RecordType": "SubscriptionChange",
    "Recipient": "ann@example.com",
    "ChangedAt": "2026-11-22T12:00:00Z",
    "Origin": "Recipient",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
}


def basic(username: str = "postmark", password: str = "a secret") -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()}


def verifier(**settings: str) -> Any:
    return WEBHOOK.verifier({"webhook_username": "postmark", "webhook_password": "a secret"} | settings)


def test_a_report_with_the_password_is_believed() -> None:
    assert is_believed(verifier(), request(DELIVERY, basic()))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        basic(password="another"),
        basic(username="another"),
        basic(password=""),
        {"authorization": "Basic"},
        {"authorization": "Basic not base64!"},
        {"authorization": "Basic ünï"},
        {"authorization": "Bearer a secret"},
    ],
)
def test_a_report_without_the_password_is_refused(headers: dict[str, str]) -> None:
    assert not is_believed(verifier(), request(DELIVERY, headers))


def test_without_a_password_of_ours_nothing_is_believed() -> None:
    assert not is_believed(verifier(webhook_password=""), request(DELIVERY, basic(password="")))
    assert not is_believed(WEBHOOK.verifier({}), request(DELIVERY, basic("", "")))


def test_a_delivery_is_told_with_its_message() -> None:
    event = one(WEBHOOK, DELIVERY)
    assert told(event, "kind", "recipient", "message_key") == (EventKind.DELIVERED, "ann@example.com", KEY)
    assert event.provider_message_id == "883953f4-6105-42a2-a16a-77a8eac79483"
    assert event.at == datetime(2026, 11, 22, 12, 0, 0, 273_539, UTC)


def test_a_bounce_is_told_without_the_address_in_its_reason() -> None:
    event = one(WEBHOOK, BOUNCE)
    assert told(event, "kind", "recipient", "bounce_class") == (EventKind.BOUNCED, "ann@example.com", "hard")
    assert told(event, "provider_event_id", "message_key") == ("4323372036854775807", KEY)
    assert event.reason == "smtp;550 5.1.1 <…> The account does not exist."
    assert event.properties == {"type": "HardBounce"}


@pytest.mark.parametrize(
    ("given_type", "details", "kind", "bounce_class"),
    [
        ("HardBounce", "smtp;550 5.7.1 rejected as spam", EventKind.BOUNCED, BounceClass.BLOCK),
        ("HardBounce", "", EventKind.BOUNCED, BounceClass.HARD),
        ("SoftBounce", "smtp;552 5.2.2 mailbox full", EventKind.BOUNCED, BounceClass.SOFT),
        ("SoftBounce", "smtp;550 5.1.1 user unknown", EventKind.BOUNCED, BounceClass.SOFT),
        ("Unknown", "words", EventKind.BOUNCED, BounceClass.UNKNOWN),
        ("VirusNotification", "", EventKind.BOUNCED, BounceClass.BLOCK),
        ("Transient", "smtp;450 try later", EventKind.DEFERRED, None),
        ("DnsError", "", EventKind.DEFERRED, None),
        ("BadEmailAddress", "", EventKind.REJECTED, BounceClass.HARD),
        ("Blocked", "smtp;550 5.1.1 user unknown", EventKind.REJECTED, BounceClass.BLOCK),
        ("DMARCPolicy", "", EventKind.REJECTED, BounceClass.BLOCK),
        ("ManuallyDeactivated", "", EventKind.REJECTED, BounceClass.UNKNOWN),
        ("SMTPApiError", "", EventKind.FAILED, None),
        ("TemplateRenderingFailed", "", EventKind.FAILED, None),
        ("SpamComplaint", "", EventKind.COMPLAINED, None),
        ("SpamNotification", "", EventKind.COMPLAINED, None),
        ("Unsubscribe", "", EventKind.UNSUBSCRIBED, None),
        ("Subscribe", "", EventKind.SUBSCRIBED, None),
        ("AutoResponder", "", EventKind.UNKNOWN, None),
        ("SomethingNew", "smtp;550 5.1.1 user unknown", EventKind.UNKNOWN, None),
    ],
)
def test_what_comes_as_a_bounce_is_many_things(given_type: str, details: str, kind: EventKind, bounce_class: BounceClass | None) -> None:
    event = one(WEBHOOK, BOUNCE | {"Type": given_type, "Details": details})
    assert told(event, "kind", "bounce_class", "properties") == (kind, bounce_class, {"type": given_type})


def test_a_complaint_names_the_address() -> None:
    event = one(WEBHOOK, BOUNCE | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"})
    assert told(event, "kind", "recipient") == (EventKind.COMPLAINED, "ann@example.com")


def test_an_open_and_a_click_say_who_asked() -> None:
    event = one(WEBHOOK, OPEN)
    assert told(event, "kind", "ip", "user_agent") == (EventKind.OPENED, "203.0.113.9", "Mozilla/5.0 (Windows NT 10.0)")
    event = one(WEBHOOK, OPEN | {"RecordType": "Click", "OriginalLink": "https://shop.example.com/a"})
    assert told(event, "kind", "url") == (EventKind.CLICKED, "https://shop.example.com/a")


@pytest.mark.parametrize(
    ("changed", "kind", "bounce_class"),
    [
        ({}, EventKind.UNSUBSCRIBED, None),
        ({"Origin": "Customer"}, EventKind.UNSUBSCRIBED, None),
        ({"SuppressionReason": "HardBounce"}, EventKind.BOUNCED, "hard"),
        ({"SuppressionReason": "SpamComplaint"}, EventKind.COMPLAINED, None),
        ({"SuppressSending": False, "SuppressionReason": None}, EventKind.SUBSCRIBED, None),
        ({"SuppressSending": "perhaps"}, EventKind.UNKNOWN, None),
    ],
)
def test_a_change_of_the_subscription_says_why(changed: dict[str, Any], kind: EventKind, bounce_class: str | None) -> None:
    event = one(WEBHOOK, CHANGE | changed)
    assert told(event, "kind", "bounce_class", "recipient") == (kind, bounce_class, "ann@example.com")


def test_a_word_nobody_knows_is_kept() -> None:
    event = one(WEBHOOK, {"RecordType": "Inbound", "From": "ann@example.com"})
    assert told(event, "kind", "properties") == (EventKind.UNKNOWN, {"event": "Inbound"})


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)


@given(some.dictionaries(some.text(), some.text()))
def test_any_headers_are_refused(headers: dict[str, str]) -> None:
    assert not is_believed(verifier(), request(DELIVERY, headers))
    assert not is_believed(verifier(), request(DELIVERY, {"authorization": next(iter(headers.values()), "")}))


@given(
    some.sampled_from([BOUNCE, OPEN, CHANGE, DELIVERY]), some.dictionaries(some.sampled_from(sorted({*BOUNCE, *OPEN, *CHANGE})), ANY_JSON)
)
def test_any_values_are_read(base: dict[str, Any], changed: dict[str, Any]) -> None:
    assert_reads_or_refuses(WEBHOOK, orjson.dumps(base | changed | {"RecordType": base["RecordType"]}))
