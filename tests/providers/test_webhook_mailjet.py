"""Mailjet: user name and password, and what the reports say."""

from __future__ import annotations

import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.providers.mailjet.webhook import WEBHOOK
from core.storage.event_words import BounceClass, EventKind
from tests.providers.reports import ANY_JSON, KEY, NOW, SECONDS, assert_needs_json, assert_reads_or_refuses, is_believed, one, request, told

BASE = {
    "event": "sent",
    "time": SECONDS,
    "MessageID": 19421777835146490,
    "Message_GUID": "1ab23cd4-e567-8901-2345-6789f0gh1i2j",
    "email": "ann@example.com",
    "mj_campaign_id": 7257,
    "mj_contact_id": 4,
    "customcampaign": "",
    "CustomID": KEY,
    "Payload": "",
}


def basic(text: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def verifier(**settings: str) -> Any:
    return WEBHOOK.verifier({"webhook_username": "mailjet", "webhook_password": "a:secret"} | settings)


def test_a_report_is_believed_with_the_password_only() -> None:
    assert is_believed(verifier(), request([BASE], basic("mailjet:a:secret")))
    for headers in (
        {},
        basic("mailjet:"),
        basic("mailjet"),
        basic(":a:secret"),
        basic("mailjet:a:secret "),
        {"authorization": "Basic ünï"},
    ):
        assert not is_believed(verifier(), request([BASE], headers))
    assert not is_believed(verifier(webhook_password=""), request([BASE], basic("mailjet:")))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sent", EventKind.DELIVERED),
        ("open", EventKind.OPENED),
        ("click", EventKind.CLICKED),
        ("bounce", EventKind.BOUNCED),
        ("blocked", EventKind.REJECTED),
        ("spam", EventKind.COMPLAINED),
        ("unsub", EventKind.UNSUBSCRIBED),
    ],
)
def test_every_event_is_told_with_its_message(name: str, kind: EventKind) -> None:
    event = one(WEBHOOK, BASE | {"event": name})
    assert told(event, "kind", "at", "recipient", "message_key") == (kind, NOW, "ann@example.com", KEY)
    assert event.provider_message_id == "19421777835146490"


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [
        ({"CustomID": KEY}, KEY),
        ({"CustomID": f"pw_message:{KEY}"}, KEY),
        ({"CustomID": "theirs", "Payload": orjson.dumps({"pw_message": KEY}).decode()}, KEY),
        ({"CustomID": "autumn", "Payload": ""}, ""),
        ({"CustomID": "", "Payload": "{not json"}, ""),
        ({"CustomID": None, "Payload": None}, ""),
    ],
)
def test_the_message_is_named_by_its_custom_id_or_its_payload(given_names: dict[str, Any], expected: str) -> None:
    assert one(WEBHOOK, BASE | given_names).message_key == expected


@pytest.mark.parametrize(
    ("error", "is_hard", "comment", "expected"),
    [
        ("user unknown", True, "", BounceClass.HARD),
        ("user unknown", False, "", BounceClass.SOFT),
        ("user unknown", None, "", BounceClass.UNKNOWN),
        ("invalid domain", True, "", BounceClass.HARD),
        ("mailbox inactive", True, "", BounceClass.HARD),
        ("mailbox inactive", False, "", BounceClass.SOFT),
        ("quota exceeded", True, "", BounceClass.SOFT),
        ("no mail host", True, "", BounceClass.HARD),
        ("relay/access denied", True, "", BounceClass.BLOCK),
        ("sender blocked", True, "", BounceClass.BLOCK),
        ("content blocked", False, "", BounceClass.BLOCK),
        ("policy issue", True, "550 5.1.1 user unknown", BounceClass.BLOCK),
        ("user unknown", True, "550 5.7.1 blocked", BounceClass.BLOCK),
        ("connection issue", True, "", BounceClass.SOFT),
        ("something new", True, "", BounceClass.HARD),
        ("something new", False, "", BounceClass.SOFT),
    ],
)
def test_a_bounce_says_what_it_says_about_the_address(error: str, is_hard: bool | None, comment: str, expected: BounceClass) -> None:
    bounced = {"event": "bounce", "error": error, "error_related_to": "recipient", "hard_bounce": is_hard, "comment": comment}
    event = one(WEBHOOK, BASE | bounced)
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.BOUNCED, expected, comment or error)


def test_greylisting_is_no_bounce() -> None:
    bounced = {"event": "bounce", "error": "greylisted", "error_related_to": "domain", "hard_bounce": False, "blocked": True}
    assert told(one(WEBHOOK, BASE | bounced), "kind", "bounce_class", "reason") == (EventKind.DEFERRED, None, "greylisted")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("user unknown", BounceClass.HARD),
        ("typofix", BounceClass.HARD),
        ("preblocked", BounceClass.UNKNOWN),
        ("duplicate in campaign", BounceClass.UNKNOWN),
        ("content blocked", BounceClass.BLOCK),
        ("greylisted", BounceClass.UNKNOWN),
        ("something new", BounceClass.UNKNOWN),
    ],
)
def test_what_was_blocked_says_why(error: str, expected: BounceClass) -> None:
    event = one(WEBHOOK, BASE | {"event": "blocked", "error": error, "error_related_to": "mailjet"})
    assert told(event, "kind", "bounce_class") == (EventKind.REJECTED, expected)
    assert event.properties == {"error": error, "related_to": "mailjet"}


def test_an_open_a_click_and_a_goodbye_say_who_asked() -> None:
    asked = {"ip": "203.0.113.9", "agent": "Mozilla/5.0 (via ggpht.com GoogleImageProxy)", "url": "https://shop.example.com/a"}
    for name in ("open", "click", "unsub"):
        event = one(WEBHOOK, BASE | {"event": name} | asked)
        assert told(event, "ip", "user_agent", "url") == tuple(asked.values())
    assert one(WEBHOOK, BASE | {"event": "spam", "source": "JMRPP"}).properties == {"source": "JMRPP"}


def test_grouped_events_are_read_one_by_one() -> None:
    events = WEBHOOK.read(orjson.dumps([BASE, None, BASE | {"event": "open"}, BASE | {"event": "later"}]), "application/json")
    assert [event.kind for event in events] == ["delivered", "unknown", "opened", "unknown"]
    assert [event.properties for event in events] == [{}, {"malformed": True}, {}, {"event": "later"}]


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)


@given(some.dictionaries(some.sampled_from(sorted({*BASE, "error", "comment", "hard_bounce", "ip", "agent", "url", "source"})), ANY_JSON))
def test_any_values_are_read(changed: dict[str, Any]) -> None:
    for name in ("bounce", "blocked", "open", "spam"):
        assert_reads_or_refuses(WEBHOOK, orjson.dumps([BASE | {"event": name} | changed]))
