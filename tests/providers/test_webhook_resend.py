"""What Resend reports, and what proves it: Svix's signature, made here by its documented rules."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from tests.providers.reporting import KEY, NOW, asked, flipped, is_believed, read, told, verifier

SECRET = "whsec_" + b64encode(b"a secret of thirty-two bytes....").decode()
GOOD = verifier("resend", webhook_secret=SECRET)
BODY = b'{"type": "email.sent"}'


def signature(body: bytes = BODY, secret: bytes = b"a secret of thirty-two bytes....", name: str = "msg_1", time: str = "") -> str:
    signed = f"{name}.{time or int(NOW.timestamp())}.".encode() + body
    return "v1," + b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def headers(given: str, *, name: str = "msg_1", time: str = "", prefix: str = "svix") -> dict[str, str]:
    return {f"{prefix}-id": name, f"{prefix}-timestamp": time or str(int(NOW.timestamp())), f"{prefix}-signature": given}


def test_a_published_signature_is_believed() -> None:
    """The example of Svix's documentation."""
    documented = verifier("resend", webhook_secret="whsec_plJ3nmyCDGBKInavdOK15jsl")
    body = b'{"event_type":"ping","data":{"success":true}}'
    given = headers("v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=", name="msg_loFOjxBNrRLzqYUf", time="1731705121")
    assert is_believed(documented, asked(body, given, at=datetime.fromtimestamp(1731705121, UTC)))


@pytest.mark.parametrize("prefix", ["svix", "webhook"])
def test_a_signed_report_is_believed(prefix: str) -> None:
    assert is_believed(GOOD, asked(BODY, headers(signature(), prefix=prefix)))


def test_while_the_secret_is_changed_one_of_several_signatures_is_enough() -> None:
    both = f"{signature(secret=b'the old one')} v1a,xyz {signature()}"
    assert is_believed(GOOD, asked(BODY, headers(both)))


@pytest.mark.parametrize("minutes", [-4.9, 4.9])
def test_a_clock_may_be_minutes_wrong(minutes: float) -> None:
    time = str(int((NOW + timedelta(minutes=minutes)).timestamp()))
    assert is_believed(GOOD, asked(BODY, headers(signature(time=time), time=time)))


@pytest.mark.parametrize("time", [str(int(NOW.timestamp()) + 301), str(int(NOW.timestamp()) - 301), "0", "-1", "now", "١٢", "9" * 400, ""])
def test_an_old_or_future_report_is_not_believed(time: str) -> None:
    given = {"svix-id": "msg_1", "svix-timestamp": time, "svix-signature": signature(time=time)}
    assert not is_believed(GOOD, asked(BODY, given))


@pytest.mark.parametrize(
    "given",
    [
        "",
        "v1,",
        "v1",
        signature().removeprefix("v1,"),
        signature().replace("v1,", "v2,"),
        "v1," + flipped(signature().removeprefix("v1,")),
        signature(secret=b"another secret"),
        signature(BODY + b" "),
        signature(name="msg_2"),
        signature(time="1"),
        "v1,äöü \udcff",
    ],
)
def test_a_wrong_signature_is_not_believed(given: str) -> None:
    assert not is_believed(GOOD, asked(BODY, headers(given)))


def test_a_changed_body_is_not_believed() -> None:
    assert not is_believed(GOOD, asked(BODY.replace(b"sent", b"bounced"), headers(signature())))


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_!!", "äöü"])
def test_without_a_usable_secret_nothing_is_believed(secret: str) -> None:
    closed = verifier("resend", webhook_secret=secret)
    assert not is_believed(closed, asked(BODY, headers(signature(secret=b""))))
    assert not is_believed(closed, asked(BODY, headers(signature())))


def report(said: str, **data: Any) -> bytes:
    common = {
        "email_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "created_at": "2026-11-25T11:00:00.000Z",
        "from": "Sender <from@example.com>",
        "to": ["Ann <ann@example.org>"],
        "subject": "Hello",
        "tags": {"pw_message": KEY, "category": "spring"},
    }
    return orjson.dumps({"type": said, "created_at": "2026-11-25T11:55:00.736Z", "data": common | data})


def test_a_delivery_is_read_in_full() -> None:
    [event] = read("resend", report("email.delivered", message_id="<1-abc@example.com>"))
    assert told(event) == {
        "kind": "delivered",
        "at": datetime(2026, 11, 25, 11, 55, 0, 736000, tzinfo=UTC),
        "recipient": "ann@example.org",
        "message_key": KEY,
        "rfc_message_id": "1-abc@example.com",
        "provider_message_id": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
    }


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("email.scheduled", "queued"),
        ("email.sent", "sent"),
        ("email.delivery_delayed", "deferred"),
        ("email.complained", "complained"),
        ("email.opened", "opened"),
        ("email.clicked", "clicked"),
        ("email.failed", "failed"),
        ("email.suppressed", "rejected"),
        ("email.bounced", "bounced"),
    ],
)
def test_every_word_has_a_kind(said: str, kind: str) -> None:
    assert [event.kind for event in read("resend", report(said))] == [kind]


def test_other_words_are_kept_as_unknown() -> None:
    [event] = read("resend", report("domain.updated"))
    assert (event.kind, event.properties) == ("unknown", {"event": "domain.updated"})


@pytest.mark.parametrize(
    ("bounce", "kind", "expected"),
    [
        ({"type": "Permanent", "subType": "General", "message": "No such user"}, "bounced", "hard"),
        ({"type": "Permanent", "subType": "Suppressed", "message": "x"}, "rejected", "unknown"),
        ({"type": "Permanent", "subType": "OnAccountSuppressionList"}, "rejected", "unknown"),
        ({"type": "Transient", "subType": "MailboxFull"}, "bounced", "soft"),
        ({"type": "Transient", "subType": "ContentRejected"}, "bounced", "block"),
        ({"type": "Undetermined", "subType": "Undetermined"}, "bounced", "unknown"),
        ({"message": "The recipient's email provider sent a hard bounce message, but…"}, "bounced", "hard"),
        ({"message": "Resend has suppressed sending to this address because…"}, "rejected", "unknown"),
        ({"type": "Permanent", "subType": "General", "diagnosticCode": ["smtp; 550 5.7.1 listed"]}, "bounced", "block"),
        ("nonsense", "bounced", "unknown"),
    ],
)
def test_a_bounce_tells_its_class(bounce: Any, kind: str, expected: str) -> None:
    [event] = read("resend", report("email.bounced", bounce=bounce))
    assert (event.kind, event.bounce_class) == (kind, expected)


def test_a_click_says_where_and_who() -> None:
    click = {"ipAddress": "203.0.113.9", "link": "https://shop.example/", "timestamp": "2026-11-25T11:54:00Z", "userAgent": "Mozilla/5.0"}
    [event] = read("resend", report("email.clicked", click=click))
    assert (event.url, event.ip, event.user_agent) == ("https://shop.example/", "203.0.113.9", "Mozilla/5.0")
    assert event.at == datetime(2026, 11, 25, 11, 54, tzinfo=UTC)


def test_our_name_of_the_message_comes_back_in_tags_or_headers() -> None:
    named = [{"name": "pw_message", "value": KEY}]
    header = [{"name": "X-Postwright-Message", "value": KEY}]
    for data in ({"tags": named}, {"tags": None, "headers": header}):
        [event] = read("resend", report("email.opened", **data))
        assert event.message_key == KEY


def test_of_several_recipients_it_is_not_guessed_who_is_meant() -> None:
    [event] = read("resend", report("email.bounced", to=["a@example.org", "b@example.org"]))
    assert event.recipient == ""
