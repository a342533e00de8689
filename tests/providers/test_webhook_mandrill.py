"""What Mandrill reports, and what proves it: the address and the fields together."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest

from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import UnreadableReport
from tests.providers.reporting import KEY, URL, asked, flipped, is_believed, read, told, verifier

SECRET = "a-webhook-key"
GOOD = verifier("mandrill", webhook_key=SECRET)


def signature(fields: dict[str, str], url: str = URL, key: str = SECRET) -> str:
    signed = url + "".join(name + value for name, value in sorted(fields.items()))
    return b64encode(hmac.new(key.encode(), signed.encode(), hashlib.sha1).digest()).decode()


def form(*events: Any, **more: str) -> tuple[bytes, dict[str, str]]:
    fields = {"mandrill_events": orjson.dumps(list(events)).decode()} | more
    return urlencode(fields).encode(), fields


def event(said: str, mail: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    common = {
        "ts": 1461095211,
        "email": "ann@example.com",
        "sender": "shop@example.com",
        "subject": "Hällo",
        "tags": ["spring"],
        "metadata": {"pw_message": KEY, "customer": 7},
        "state": "sent",
        "_id": "abcdef012345789abcdef012345789",
    }
    return {"event": said, "ts": 1461095246, "_id": "abcdef012345789abcdef012345789", "msg": common | (mail or {})} | more


def test_a_signed_report_is_believed() -> None:
    body, fields = form(event("send"))
    assert is_believed(GOOD, asked(body, {"x-mandrill-signature": signature(fields)}))
    body, fields = form(event("send"), also="ünd + & =", empty="")
    assert is_believed(GOOD, asked(body, {"x-mandrill-signature": signature(fields)}))


def test_the_address_is_part_of_what_is_signed() -> None:
    body, fields = form(event("send"))
    elsewhere = URL.replace("mail.", "other.")
    assert not is_believed(GOOD, asked(body, {"x-mandrill-signature": signature(fields, elsewhere)}))
    assert is_believed(GOOD, asked(body, {"x-mandrill-signature": signature(fields, elsewhere)}, url=elsewhere))


def test_a_wrong_signature_is_not_believed() -> None:
    body, fields = form(event("send"))
    right = signature(fields)
    for given in ("", "x", flipped(right), right[:-2], signature(fields, key="another"), signature({}), "ä"):
        assert not is_believed(GOOD, asked(body, {"x-mandrill-signature": given}))
    assert not is_believed(GOOD, asked(body, {}))
    assert not is_believed(GOOD, asked(form(event("hard_bounce"))[0], {"x-mandrill-signature": right}))
    assert not is_believed(GOOD, asked(body + b"&more=1", {"x-mandrill-signature": right}))


def test_the_try_of_an_address_is_answered_and_proves_nothing() -> None:
    closed = verifier("mandrill", webhook_key="")
    nothing, fields = form()
    is_try = WEBHOOKS["mandrill"].is_try
    assert is_try is not None
    assert is_try(nothing) and not is_try(form(event("send"))[0]) and not is_try(b"") and not is_try(nothing + b"&more=1")
    assert not is_believed(closed, asked(nothing, {"x-mandrill-signature": signature(fields, key="test-webhook")}))
    assert read("mandrill", nothing) == []
    something, fields = form(event("hard_bounce"))
    for key in ("test-webhook", SECRET):
        for one in (closed, GOOD):
            expected = one is GOOD and key == SECRET
            assert is_believed(one, asked(something, {"x-mandrill-signature": signature(fields, key=key)})) is expected
    assert not is_believed(closed, asked(nothing, {"x-mandrill-signature": flipped(signature({"mandrill_events": "[]"}, key=""))}))


def test_a_form_that_is_none_is_not_believed() -> None:
    for body in (b"\xff=%ff", b"a=%ff", b"&".join(b"a%d=1" % number for number in range(100))):
        assert not is_believed(GOOD, asked(body, {"x-mandrill-signature": "x"}))


def test_a_delivery_is_read_in_full() -> None:
    [found] = read("mandrill", form(event("delivered"))[0], "application/x-www-form-urlencoded")
    assert told(found) == {
        "kind": "delivered",
        "at": datetime(2016, 4, 19, 19, 47, 26, tzinfo=UTC),
        "recipient": "ann@example.com",
        "message_key": KEY,
        "provider_message_id": "abcdef012345789abcdef012345789",
        "properties": {"tags": ["spring"]},
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("send", "sent"),
        ("deferral", "deferred"),
        ("hard_bounce", "bounced"),
        ("soft_bounce", "bounced"),
        ("reject", "rejected"),
        ("open", "opened"),
        ("click", "clicked"),
        ("spam", "complained"),
        ("unsub", "unsubscribed"),
        ("inbound", "unknown"),
    ],
)
def test_every_word_has_a_kind(said: str, kind: str) -> None:
    assert [found.kind for found in read("mandrill", form(event(said))[0])] == [kind]


@pytest.mark.parametrize(
    ("said", "code", "diagnosis", "expected"),
    [
        ("hard_bounce", 10, "smtp;550 5.1.1 The email account that you tried to reach does not exist.", "hard"),
        ("hard_bounce", 30, "", "hard"),
        ("hard_bounce", None, "", "hard"),
        ("hard_bounce", 51, "smtp;550 listed", "block"),
        ("hard_bounce", 10, "smtp;554 5.7.1 blocked", "block"),
        ("soft_bounce", 22, "smtp;552 5.2.2 Over Quota", "soft"),
        ("soft_bounce", 50, "", "block"),
        ("soft_bounce", None, "", "soft"),
        ("soft_bounce", None, "smtp;550 5.1.1 no such user", "soft"),
    ],
)
def test_a_bounce_tells_its_class(said: str, code: int | None, diagnosis: str, expected: str) -> None:
    mail = {"bgtools_code": code, "diag": diagnosis, "bounce_description": "bad_mailbox"}
    [found] = read("mandrill", form(event(said, mail))[0])
    assert (found.bounce_class, found.properties["bounce_description"]) == (expected, "bad_mailbox")
    assert found.reason == (diagnosis or "bad_mailbox")


def test_a_click_says_where_and_who() -> None:
    [found] = read("mandrill", form(event("click", url="https://shop.example/", ip="203.0.113.9", user_agent="Mozilla/5.0"))[0])
    assert (found.url, found.ip, found.user_agent) == ("https://shop.example/", "203.0.113.9", "Mozilla/5.0")


def test_lists_that_are_kept_in_step_are_unknown_events() -> None:
    sync = {"type": "blacklist", "action": "add", "reject": {"email": "ann@example.com", "reason": "manual edit"}}
    [found] = read("mandrill", form(sync)[0])
    assert (found.kind, found.recipient, found.reason) == ("unknown", "ann@example.com", "manual edit")
    assert found.properties == {"event": "blacklist"}


def test_an_item_that_is_none_leaves_the_others() -> None:
    found = read("mandrill", form(None, event("open", {"metadata": []}), "x", {"event": "click", "msg": 7})[0])
    assert [each.kind for each in found] == ["unknown", "opened", "unknown", "clicked"]


@pytest.mark.parametrize("body", [b"", b"x=1", b"mandrill_events=", b"mandrill_events=7", b"mandrill_events=%5B", b"\xff"])
def test_what_is_no_report_is_unreadable(body: bytes) -> None:
    with pytest.raises(UnreadableReport):
        read("mandrill", body)


def test_what_would_take_too_much_to_decode_is_not_decoded() -> None:
    for body in (b"mandrill_events=" + b"%41" * 2_000_001, b"mandrill_events=" + b"x" * 8 * 1024 * 1024):
        assert not is_believed(GOOD, asked(body, {"x-mandrill-signature": "x"}))
