"""Brevo: a bearer token, and what the reports say."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.providers.brevo.webhook import WEBHOOK
from core.storage.event_words import Actor, BounceClass, EventKind
from tests.providers.reports import ANY_JSON, KEY, NOW, SECONDS, assert_needs_json, assert_reads_or_refuses, is_believed, one, request, told

BASE = {
    "event": "delivered",
    "email": "ann@example.com",
    "id": 26224,  # of the webhook
    "date": "2026-11-22 13:00:00",
    "ts": SECONDS,
    "ts_event": SECONDS,
    "ts_epoch": (SECONDS - 3_600) * 1_000,
    "message-id": "<202611221200.87214563201@smtp-relay.mailin.fr>",
    "subject": "Hello",
    "X-Mailin-custom": orjson.dumps({"pw_message": KEY}).decode(),
    "sending_ip": "185.41.28.109",
    "tags": ["autumn"],
    "template_id": 22,
    "contact_id": 8,
}


def verifier(token: str = "a long token") -> Any:
    return WEBHOOK.verifier({"webhook_token": token, "api_key": "xkeysib-1"})


def test_a_report_is_believed_with_the_token_only() -> None:
    assert is_believed(verifier(), request(BASE, {"authorization": "Bearer a long token"}))
    for header in ("", "Bearer", "Bearer ", "Bearer another", "Basic a long token", "a long token", "Bearer xkeysib-1", "Bearer ünï"):
        assert not is_believed(verifier(), request(BASE, {"authorization": header}))
    assert not is_believed(verifier(), request(BASE))
    assert not is_believed(verifier(""), request(BASE, {"authorization": "Bearer "}))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("request", EventKind.SENT),
        ("delivered", EventKind.DELIVERED),
        ("deferred", EventKind.DEFERRED),
        ("soft_bounce", EventKind.BOUNCED),
        ("hard_bounce", EventKind.BOUNCED),
        ("hardBounce", EventKind.BOUNCED),
        ("invalid_email", EventKind.BOUNCED),
        ("blocked", EventKind.REJECTED),
        ("error", EventKind.FAILED),
        ("opened", EventKind.OPENED),
        ("unique_opened", EventKind.OPENED),
        ("proxy_open", EventKind.OPENED),
        ("unique_proxy_open", EventKind.OPENED),
        ("click", EventKind.CLICKED),
        ("spam", EventKind.COMPLAINED),
        ("complaint", EventKind.COMPLAINED),
        ("unsubscribe", EventKind.UNSUBSCRIBED),
        ("unsubscribed", EventKind.UNSUBSCRIBED),
        ("list_addition", EventKind.SUBSCRIBED),
    ],
)
def test_every_event_is_told_with_its_message(name: str, kind: EventKind) -> None:
    event = one(WEBHOOK, BASE | {"event": name})
    assert told(event, "kind", "at", "recipient", "message_key") == (kind, NOW, "ann@example.com", KEY)
    assert event.rfc_message_id == "202611221200.87214563201@smtp-relay.mailin.fr"
    assert event.provider_message_id == "<202611221200.87214563201@smtp-relay.mailin.fr>"


@pytest.mark.parametrize(
    ("given_names", "expected"),
    [
        ({"X-Mailin-custom": f"pw_message:{KEY}"}, KEY),
        ({"X-Mailin-custom": "some_custom_header", "tags": ["autumn", f"pw_message:{KEY}"]}, KEY),
        ({"X-Mailin-custom": "{not json", "tags": "autumn"}, ""),
        ({"X-Mailin-custom": None, "tags": [None, 7]}, ""),
    ],
)
def test_the_message_is_named_by_the_custom_header_or_a_tag(given_names: dict[str, Any], expected: str) -> None:
    assert one(WEBHOOK, BASE | given_names).message_key == expected


def test_an_event_has_a_name_that_stays_when_it_is_told_again() -> None:
    """Brevo gives none: `id` is the webhook's, and `ts_event` says when it told."""
    clicked = BASE | {"event": "click", "link": "https://shop.example.com/a"}
    first, again = one(WEBHOOK, clicked), one(WEBHOOK, clicked | {"ts_event": SECONDS + 600})
    assert first.provider_event_id == again.provider_event_id != ""
    for changed in ({"link": "https://shop.example.com/b"}, {"ts": SECONDS + 1}, {"email": "ben@example.com"}, {"event": "opened"}):
        assert one(WEBHOOK, clicked | changed).provider_event_id != first.provider_event_id
    assert one(WEBHOOK, {"event": "click"}).provider_event_id == ""


def test_a_message_id_comes_with_brackets_or_without() -> None:
    event = one(WEBHOOK, BASE | {"message-id": "201798300811.5787683@relay.domain.com"})
    assert told(event, "rfc_message_id", "provider_message_id") == (
        "201798300811.5787683@relay.domain.com",
        "<201798300811.5787683@relay.domain.com>",
    )


@pytest.mark.parametrize(
    ("name", "why", "expected"),
    [
        ("hard_bounce", " RecipientError: 550 5.5.0 Requested action not taken: mailbox unavailable.", BounceClass.HARD),
        ("hard_bounce", "550 5.7.1 rejected as spam", BounceClass.BLOCK),
        ("hard_bounce", "552 5.2.2 mailbox full", BounceClass.SOFT),
        ("soft_bounce", "undefined Unable to find MX of domain no-mx.example.com", BounceClass.SOFT),
        ("soft_bounce", "550 5.1.1 user unknown", BounceClass.SOFT),
        ("soft_bounce", "550 5.7.1 blocked by policy", BounceClass.BLOCK),
        ("invalid_email", "", BounceClass.HARD),
    ],
)
def test_a_bounce_says_what_it_says_about_the_address(name: str, why: str, expected: BounceClass) -> None:
    event = one(WEBHOOK, BASE | {"event": name, "reason": why})
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.BOUNCED, expected, why.strip())


def test_what_brevo_keeps_from_being_sent_says_nothing_about_sender_or_address() -> None:
    event = one(WEBHOOK, BASE | {"event": "blocked", "reason": "blocked : due to blacklist user"})
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.REJECTED, "unknown", "blocked : due to blacklist user")


def test_an_open_through_a_proxy_is_a_machines() -> None:
    asked = {"ip": "203.0.113.9", "user_agent": "Mozilla/5.0", "link": "https://shop.example.com/a"}
    for name, actor in (("opened", None), ("unique_opened", None), ("proxy_open", Actor.MACHINE), ("unique_proxy_open", Actor.MACHINE)):
        event = one(WEBHOOK, BASE | {"event": name} | asked)
        assert told(event, "actor", "ip", "user_agent") == (actor, "203.0.113.9", "Mozilla/5.0")
    assert one(WEBHOOK, BASE | {"event": "click"} | asked).url == "https://shop.example.com/a"


def test_batched_events_are_read_one_by_one() -> None:
    events = WEBHOOK.read(orjson.dumps([BASE, 7, BASE | {"event": "opened"}, {"event": "contact_updated"}]), "application/json")
    assert [event.kind for event in events] == ["delivered", "unknown", "opened", "unknown"]
    assert [event.properties for event in events] == [{}, {"malformed": True}, {}, {"event": "contact_updated"}]


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)


@given(some.dictionaries(some.sampled_from(sorted({*BASE, "reason", "link", "URL", "ip", "user_agent"})), ANY_JSON))
def test_any_values_are_read(changed: dict[str, Any]) -> None:
    for name in ("hard_bounce", "opened", "blocked", "click"):
        assert_reads_or_refuses(WEBHOOK, orjson.dumps([BASE | {"event": name} | changed]))
