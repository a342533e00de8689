"""What SparkPost reports, and what proves it."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from tests.providers.reporting import KEY, asked, is_believed, read, told, verifier

GOOD = verifier("sparkpost", webhook_username="postwright", webhook_password="sécret:with colon")


def basic(username: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + b64encode(f"{username}:{password}".encode()).decode()}


def batch(*groups: dict[str, Any]) -> bytes:
    return orjson.dumps([{"msys": group} for group in groups])


def message(said: str, **more: Any) -> dict[str, Any]:
    event = {
        "type": said,
        "event_id": "92356927693813856",
        "transmission_id": "65832150921904138",
        "message_id": "000443ee14578172be22",
        "timestamp": "1454442600",
        "raw_rcpt_to": "Recipient@example.com",
        "rcpt_to": "recipient@example.com",
        "rcpt_meta": {"pw_message": KEY, "customer": "7"},
        "rcpt_tags": ["spring", "vip"],
        "subaccount_id": "101",
    }
    return {"message_event": event | more}


def test_the_name_and_password_of_the_connection_are_believed() -> None:
    assert is_believed(GOOD, asked(b"[]", basic("postwright", "sécret:with colon")))


@pytest.mark.parametrize(
    "headers",
    [{}, basic("postwright", "wrong"), basic("other", "sécret:with colon"), basic("", ""), {"authorization": "Basic %%%"}],
)
def test_others_are_not(headers: dict[str, str]) -> None:
    assert not is_believed(GOOD, asked(b"[]", headers))


def test_without_a_password_nothing_is_believed() -> None:
    assert not is_believed(verifier("sparkpost"), asked(b"[]", basic("", "")))
    assert not is_believed(verifier("sparkpost", webhook_username="a", webhook_password=""), asked(b"[]", basic("a", "")))


def test_a_delivery_is_read_in_full() -> None:
    [event] = read("sparkpost", batch(message("delivery")))
    assert told(event) == {
        "kind": "delivered",
        "at": datetime(2016, 2, 2, 19, 50, tzinfo=UTC),
        "recipient": "Recipient@example.com",
        "message_key": KEY,
        "provider_event_id": "92356927693813856",
        "provider_message_id": "65832150921904138",
        "properties": {"tags": ["spring", "vip"]},
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("injection", "sent"),
        ("delay", "deferred"),
        ("policy_rejection", "rejected"),
        ("generation_rejection", "rejected"),
        ("generation_failure", "failed"),
        ("spam_complaint", "complained"),
        ("open", "opened"),
        ("initial_open", "opened"),
        ("amp_open", "opened"),
        ("amp_initial_open", "opened"),
        ("click", "clicked"),
        ("amp_click", "clicked"),
        ("list_unsubscribe", "unsubscribed"),
        ("link_unsubscribe", "unsubscribed"),
    ],
)
def test_every_word_has_a_kind(said: str, kind: str) -> None:
    [event] = read("sparkpost", batch(message(said)))
    assert event.kind == kind
    assert event.properties == {"tags": ["spring", "vip"]}


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        ("10", "550 5.1.1 <a@b.example>: Recipient address rejected: User unknown", "hard"),
        ("10", "", "hard"),
        ("30", "550 no", "hard"),
        ("20", "450 try later", "soft"),
        ("21", "454 4.4.4 [internal] no MX or A for domain", "soft"),
        ("22", "552 5.2.2 mailbox full", "soft"),
        ("23", "", "soft"),
        ("24", "", "soft"),
        ("25", "554 5.7.1 relaying denied", "block"),
        ("40", "", "soft"),
        ("50", "", "block"),
        ("51", "554 5.7.1 spam", "block"),
        ("52", "", "block"),
        ("53", "", "block"),
        ("54", "", "block"),
        ("70", "", "soft"),
        ("1", "", "unknown"),
        ("", "550 5.1.1 User unknown", "hard"),
        ("999", "", "unknown"),
        ("10", "550 5.7.1 blocked for its reputation", "block"),
    ],
)
def test_the_number_of_a_bounce_tells_its_class(code: str, reason: str, expected: str) -> None:
    for said in ("bounce", "out_of_band"):
        [event] = read("sparkpost", batch(message(said, bounce_class=code, raw_reason=reason)))
        assert (event.kind, event.bounce_class, event.reason) == ("bounced", expected, reason.replace("a@b.example", "…"))


@pytest.mark.parametrize(("code", "kind"), [("60", "unknown"), ("80", "subscribed"), ("90", "unsubscribed"), ("100", "unknown")])
def test_some_bounces_are_none(code: str, kind: str) -> None:
    [event] = read("sparkpost", batch(message("bounce", bounce_class=code)))
    assert (event.kind, event.bounce_class) == (kind, None)


def test_an_open_says_who_it_was() -> None:
    seen = {"ip_address": "203.0.113.7", "user_agent": "Mozilla/5.0", "target_link_url": "https://shop.example/"}
    machine = message("click", **seen, user_agent_parsed={"is_prefetched": True, "is_proxy": True})
    proxy = message("open", user_agent_parsed={"is_proxy": True, "is_prefetched": False})
    first, second, third = read("sparkpost", batch(machine, proxy, message("open")))
    assert (first.url, first.ip, first.user_agent, first.actor) == ("https://shop.example/", "203.0.113.7", "Mozilla/5.0", "machine")
    assert (second.actor, third.actor) == ("proxy", None)


def test_a_try_says_nothing_and_the_rest_of_a_batch_counts() -> None:
    assert read("sparkpost", b'[{"msys": {}}]') == []
    body = b'[{"msys": {}}, 7, {"msys": {"message_event": 1}}, {"x": 1}, {"msys": {"ab_test_event": {"type": "ab_test_done"}}}]'
    assert [event.properties for event in read("sparkpost", body)] == [{"malformed": True}] * 3 + [{"event": "ab_test_done"}]
