"""Mailgun: a signature that covers a token only, so tokens are remembered; and what the reports say."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.providers.mailgun.webhook import WEBHOOK, TokenVerifier
from core.storage.event_words import Actor, EventKind
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

SECRET = "a-webhook-signing-key"
TOKEN = "651869375b9df3c98fc15c4889b102119add1235c38fc92824"
DELIVERED = {
    "event": "delivered",
    "id": "hTWCTD81RtiDN-G5uwVdlg",
    "timestamp": SECONDS + 0.25,
    "log-level": "info",
    "recipient": "ann@example.com",
    "recipient-domain": "example.com",
    "tags": ["autumn"],
    "user-variables": {"pw_message": KEY},
    "envelope": {"sending-ip": "198.51.100.7", "sender": "news@shop.example", "targets": "ann@example.com", "transport": "smtp"},
    "message": {"headers": {"message-id": "20260812211713.1.DF5966851B4BAA99@shop.example", "to": "Ann <ann@example.com>"}, "size": 809},
    "delivery-status": {"code": 250, "message": "OK", "mx-host": "smtp-in.example.com", "attempt-no": 1, "tls": True},
    "flags": {"is-routed": False, "is-test-mode": False},
}


def hmac_of(timestamp: str, token: str, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()


def signature(seconds: int = SECONDS, token: str = TOKEN, secret: str = SECRET) -> dict[str, str]:
    return {"timestamp": str(seconds), "token": token, "signature": hmac_of(str(seconds), token, secret)}


def report(data: object = DELIVERED, **signed: Any) -> dict[str, object]:
    return {"signature": signature(**signed), "event-data": data}


def verifier(secret: str = SECRET) -> Any:
    return WEBHOOK.verifier({"webhook_signing_key": secret, "api_key": "key-of-the-api"})


def test_a_signed_report_is_believed() -> None:
    assert is_believed(verifier(), request(report()))


def test_the_api_key_signs_nothing() -> None:
    assert not is_believed(verifier(), request(report(secret="key-of-the-api")))
    assert not is_believed(verifier(""), request(report(secret="")))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff", id="no text"),
        pytest.param([report()], id="a list"),
        pytest.param({"event-data": DELIVERED}, id="no signature"),
        pytest.param({"signature": "words", "event-data": DELIVERED}, id="a signature that is no object"),
        pytest.param(report() | {"signature": signature() | {"signature": ""}}, id="an empty signature"),
        pytest.param(report() | {"signature": signature() | {"signature": "ünï"}}, id="a signature that is not ASCII"),
        pytest.param(report() | {"signature": signature() | {"signature": None}}, id="null"),
        pytest.param(report() | {"signature": signature() | {"token": ""}}, id="no token"),
        pytest.param(report() | {"signature": signature() | {"timestamp": "soon"}}, id="a timestamp in words"),
        pytest.param(report() | {"signature": signature() | {"token": "0" * 50}}, id="another token"),
        pytest.param(report() | {"signature": signature() | {"timestamp": str(SECONDS + 1)}}, id="another timestamp"),
        pytest.param(report(secret="another"), id="another key"),
    ],
)
def test_a_report_that_is_not_signed_right_is_refused(body: object) -> None:
    assert not is_believed(verifier(), request(body))


def test_digits_do_not_wander_between_time_and_token() -> None:
    """Nothing stands between the two in what is signed."""
    genuine = signature(token="7" + TOKEN)
    longer = genuine | {"timestamp": f"{SECONDS}7", "token": TOKEN}
    shorter = genuine | {"timestamp": str(SECONDS)[:-1], "token": str(SECONDS)[-1] + "7" + TOKEN}
    assert hmac_of(longer["timestamp"], longer["token"]) == genuine["signature"]
    for moved in (longer, shorter):
        assert not is_believed(verifier(), request({"signature": moved, "event-data": DELIVERED}))


def test_a_token_is_good_for_one_body_however_often_that_comes() -> None:
    checking = verifier()
    assert is_believed(checking, request(report()))
    assert is_believed(checking, request(report(), at=NOW + timedelta(hours=8)))
    assert not is_believed(checking, request(report(DELIVERED | {"recipient": "eve@example.com"})))
    assert is_believed(checking, request(report(DELIVERED | {"recipient": "eve@example.com"}, token="f" * 50)))


def test_a_forged_report_does_not_use_up_a_token() -> None:
    checking = verifier()
    assert not is_believed(checking, request({"signature": signature(secret="another"), "event-data": {"event": "clicked"}}))
    assert is_believed(checking, request(report()))


def test_what_is_remembered_has_a_bound() -> None:
    checking = TokenVerifier(SECRET, remembered=3)
    for number in range(5):
        assert is_believed(checking, request(report(token=f"{number:050}")))
    assert not is_believed(checking, request(report({"event": "clicked"}, token=f"{4:050}")))
    assert is_believed(checking, request(report({"event": "clicked"}, token=f"{0:050}")))  # the oldest is forgotten


def test_a_report_is_believed_for_as_long_as_mailgun_tries_and_no_longer() -> None:
    for hours, expected in ((0, True), (8, True), (11.9, True), (12.1, False), (-13, False)):
        assert is_believed(verifier(), request(report(), at=NOW + timedelta(hours=hours))) is expected, hours


def test_of_a_subaccount_either_accounts_key_is_right() -> None:
    both = signature(secret="the subaccount's") | {"parent-signature": hmac_of(str(SECONDS), TOKEN)}
    body = request({"signature": both, "event-data": DELIVERED})
    assert is_believed(verifier(), body)
    assert is_believed(verifier("the subaccount's"), body)
    assert not is_believed(verifier("somebody else's"), body)


def test_a_timestamp_may_be_a_number() -> None:
    assert is_believed(verifier(), request({"signature": signature() | {"timestamp": SECONDS}, "event-data": DELIVERED}))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("accepted", EventKind.SENT),
        ("delivered", EventKind.DELIVERED),
        ("opened", EventKind.OPENED),
        ("clicked", EventKind.CLICKED),
        ("unsubscribed", EventKind.UNSUBSCRIBED),
        ("complained", EventKind.COMPLAINED),
        ("failed", EventKind.BOUNCED),
        ("rejected", EventKind.REJECTED),
    ],
)
def test_every_event_is_told_with_its_message(name: str, kind: EventKind) -> None:
    event = one(WEBHOOK, report(DELIVERED | {"event": name}))
    assert told(event, "kind", "recipient", "message_key") == (kind, "ann@example.com", KEY)
    assert event.at == datetime(2026, 11, 22, 12, 0, 0, 250_000, UTC)
    assert event.rfc_message_id == "20260812211713.1.DF5966851B4BAA99@shop.example"
    assert event.provider_message_id == "<20260812211713.1.DF5966851B4BAA99@shop.example>"  # as the send call writes it
    assert event.provider_event_id == "hTWCTD81RtiDN-G5uwVdlg/20261122"  # the id alone is unique within a day only


@pytest.mark.parametrize(
    ("failure", "kind", "bounce_class"),
    [
        ({"reason": "bounce", "delivery-status": {"code": 550, "message": "5.1.1 The account does not exist"}}, "bounced", "hard"),
        ({"reason": "bounce", "delivery-status": {"code": 550, "message": "no", "bounce-type": "hard"}}, "bounced", "hard"),
        ({"reason": "bounce", "delivery-status": {"code": 550, "message": "no", "enhanced-code": "5.7.1"}}, "bounced", "block"),
        ({"reason": "generic", "delivery-status": {"code": 552, "message": "5.2.2 over quota"}}, "bounced", "soft"),
        ({"reason": "generic", "delivery-status": {"code": 550, "message": "no", "bounce-type": "soft"}}, "bounced", "soft"),
        ({"reason": "espblock", "delivery-status": {"code": 550, "message": "no"}}, "bounced", "block"),
        ({"reason": "old", "delivery-status": {"code": 602, "message": "Too old"}}, "bounced", "soft"),
        ({"reason": "generic", "delivery-status": {"code": 498, "message": "No MX for example.com"}}, "bounced", "unknown"),
        ({"reason": "suppress-bounce", "delivery-status": {"code": 605, "description": "previously bounced"}}, "rejected", "hard"),
        ({"reason": "suppress-unsubscribe", "delivery-status": {"code": 606}}, "rejected", "unknown"),
        ({"reason": "suppress-complaint", "delivery-status": {"code": 607}}, "rejected", "unknown"),
        ({}, "bounced", "unknown"),
    ],
)
def test_a_permanent_failure_says_what_it_says_about_the_address(failure: dict[str, Any], kind: str, bounce_class: str) -> None:
    base = {name: value for name, value in DELIVERED.items() if name != "delivery-status"}
    event = one(WEBHOOK, report(base | {"event": "failed", "severity": "permanent"} | failure))
    assert told(event, "kind", "bounce_class") == (kind, bounce_class)


def test_a_temporary_failure_is_no_bounce() -> None:
    failed = {"event": "failed", "severity": "temporary", "reason": "greylisted", "delivery-status": {"code": 450, "message": "Greylisted"}}
    event = one(WEBHOOK, report(DELIVERED | failed))
    assert told(event, "kind", "bounce_class", "reason") == (EventKind.DEFERRED, None, "Greylisted")


def test_a_refused_message_names_its_recipient_in_the_header_only() -> None:
    refused = {
        "event": "rejected",
        "timestamp": SECONDS,
        "reject": {"reason": "Sandbox subdomains are for test purposes only.", "description": ""},
        "message": {"headers": {"to": "Ann Example <ann@example.com>", "message-id": "1@shop.example"}},
    }
    event = one(WEBHOOK, report(refused))
    assert told(event, "kind", "recipient", "bounce_class") == (EventKind.REJECTED, "ann@example.com", "unknown")
    assert event.reason == "Sandbox subdomains are for test purposes only."


@pytest.mark.parametrize(("bot", "actor"), [("apple", Actor.MACHINE), ("gmail", Actor.PROXY), ("generic", Actor.MACHINE), ("", None)])
def test_an_open_says_who_asked_and_whether_it_was_a_machine(bot: str, actor: Actor | None) -> None:
    opened = {"event": "opened", "ip": "203.0.113.9", "client-info": {"user-agent": "Mozilla/5.0", "bot": bot}}
    assert told(one(WEBHOOK, report(DELIVERED | opened)), "ip", "user_agent", "actor") == ("203.0.113.9", "Mozilla/5.0", actor)
    clicked = {"event": "clicked", "url": "https://shop.example.com/a"}
    assert one(WEBHOOK, report(DELIVERED | clicked)).url == "https://shop.example.com/a"


def test_no_address_gets_into_what_is_kept() -> None:
    status = {"code": 550, "message": "5.1.1 <ann@example.com>: unknown"}
    event = one(WEBHOOK, report(DELIVERED | {"event": "failed", "severity": "permanent", "delivery-status": status}))
    assert event.reason == "5.1.1 <…>: unknown"
    assert event.properties == {"severity": "permanent", "code": 550}


def test_a_word_nobody_knows_is_kept() -> None:
    assert told(one(WEBHOOK, report({"event": "list_member_uploaded"})), "kind", "properties") == (
        EventKind.UNKNOWN,
        {"event": "list_member_uploaded"},
    )
    assert one(WEBHOOK, {"signature": signature()}).properties == {"malformed": True}


def test_what_is_no_json_is_unreadable() -> None:
    assert_needs_json(WEBHOOK)


@given(some.binary(max_size=200) | ANY_JSON.map(orjson.dumps))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    assert_reads_or_refuses(WEBHOOK, body)
    assert not is_believed(verifier(), request(body))


@given(some.dictionaries(some.sampled_from(sorted({*DELIVERED, "severity", "reason", "reject", "client-info", "ip", "url"})), ANY_JSON))
def test_any_values_are_read(changed: dict[str, Any]) -> None:
    for name in ("failed", "opened", "rejected", "delivered"):
        assert_reads_or_refuses(WEBHOOK, orjson.dumps(report(DELIVERED | {"event": name} | changed)))


@given(some.dictionaries(some.sampled_from(["timestamp", "token", "signature", "parent-signature"]), ANY_JSON))
def test_any_signature_is_refused(signed: dict[str, Any]) -> None:
    assert not is_believed(verifier(), request({"signature": signed, "event-data": DELIVERED}))


def test_what_is_too_long_for_one_event_is_not_even_read() -> None:
    long = report(DELIVERED | {"tags": ["x" * 1024 * 1024]})
    assert not is_believed(TokenVerifier(SECRET), request(long))
    assert is_believed(TokenVerifier(SECRET), request(report(DELIVERED)))
