"""Words and moments out of JSON that may hold anything."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.messages.keys import MessageKeys
from core.providers.reading import (
    MOST_EVENTS,
    UNPROVED_BYTES,
    at_iso,
    at_seconds,
    bare_id,
    full_id,
    json_of,
    kept,
    message_key,
    ours,
    reason,
)
from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhooks import UnreadableReport
from tests.providers.reports import ANY_JSON, KEY, NOW, SECONDS


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (SECONDS, NOW),
        (str(SECONDS), NOW),
        (float(SECONDS), NOW),
        (SECONDS * 1000, NOW),
        (str(SECONDS * 1000), NOW),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (True, None),
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("9" * 5_000, None),
        (2**63, None),
        (-(2**63), None),
        ([SECONDS], None),
    ],
)
def test_seconds_are_a_moment_or_none(value: object, expected: datetime | None) -> None:
    assert at_seconds(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-22T12:00:00Z", NOW),
        ("2026-11-22T07:00:00.0000000-05:00", NOW),
        ("2026-11-22T12:00:00", None),
        ("2026-11-22", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("", None),
        (SECONDS, None),
        (None, None),
    ],
)
def test_iso_is_a_moment_with_its_zone_or_none(value: object, expected: datetime | None) -> None:
    assert at_iso(value) == expected


@given(ANY_JSON)
def test_anything_is_a_moment_in_utc_or_none(value: Any) -> None:
    for found in (at_seconds(value), at_iso(value)):
        assert found is None or found.tzinfo is UTC
    assert type(message_key(value)) is str


def test_a_reason_names_nobody() -> None:
    assert reason("", "550 <ann@example.com>: no mailbox ann.b+c@mail.example.com here, (x@y)") == "550 <…>: no mailbox … here, (…)"
    assert reason("  spaces  ") == "spaces"
    assert reason("", "") == ""
    assert len(reason("long " * 1_000)) <= 500


@given(some.text(max_size=40), some.text("abc.@<> ", max_size=40))
def test_what_is_left_of_a_reason_holds_no_address(before: str, after: str) -> None:
    assert "ann@example.com" not in reason(f"{before}ann@example.com{after}")


def test_a_message_is_named_under_our_name_only() -> None:
    for given_back in ({"pw_message": KEY}, f'{{"pw_message": "{KEY}"}}', f"pw_message:{KEY}", f"pw_message: {KEY} "):
        assert message_key(given_back) == KEY
    for other in ({"message": KEY}, "{", "[]", KEY, f"message:{KEY}", [], None, 7, {"pw_message": [KEY]}):
        assert message_key(other) == ""


def test_what_looks_like_a_key_of_ours_is_one() -> None:
    assert ours(MessageKeys(b"a key").of(17)) == MessageKeys(b"a key").of(17)
    for other in ("", "autumn", "17", "17-", "17-xyz", "17-0f3a9c71d2b4 ", "a17-0f3a9c71d2b4", "17-0f3a9c71d2b4f"):
        assert ours(other) == ""


def test_ids_are_written_with_brackets_or_without() -> None:
    for given_id in ("1@shop.example", "<1@shop.example>", " <1@shop.example> "):
        assert (bare_id(given_id), full_id(given_id)) == ("1@shop.example", "<1@shop.example>")
    assert (bare_id(""), full_id(""), full_id("<>")) == ("", "", "")


def test_what_says_nothing_is_not_kept() -> None:
    assert kept(a="x", b="", c=None, d=0, e=[1], f={"g": 1}, h=True) == {"a": "x", "d": 0, "h": True}
    assert len(kept(a="x" * 5_000)["a"]) == 500


def test_what_is_no_text_is_not_kept() -> None:
    assert reason("550 a\0b\x1b[31m grüße\x9b1m\u2028\u202eend") == "550 a b [31m grüße 1m end"
    assert kept(a="a\0b\x1bc", b=1) == {"a": "a b c", "b": 1}


def test_what_says_too_much_in_few_bytes_is_not_read() -> None:
    for body in (b"[" + b"[]," * 600_000 + b"[]]", b"[" + b"0," * 1_000_000 + b"0]", b'{"a":[' * 600_000):
        with pytest.raises(UnreadableReport):
            json_of(body)
        with pytest.raises(UnreadableReport):
            json_of(body.decode())


def test_before_it_is_proved_no_more_than_one_event_is_read() -> None:
    body = orjson.dumps({"a": "x" * UNPROVED_BYTES})
    assert json_of(body) == orjson.loads(body)
    with pytest.raises(UnreadableReport):
        json_of(body, most_bytes=UNPROVED_BYTES)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("generic", b"[" + b"0," * MOST_EVENTS + b"0]"),
        ("sendgrid", b"[" + b"{}," * MOST_EVENTS + b"{}]"),
        ("sparkpost", b"[" + b'{"msys":{"a":{},"b":{}}},' * (MOST_EVENTS // 2) + b"0]"),
        ("postal", b"[" + b"0," * MOST_EVENTS + b"0]"),
        ("mailersend", b"[" + b"0," * MOST_EVENTS + b"0]"),
        ("mandrill", b"mandrill_events=[" + b"0," * MOST_EVENTS + b"0]"),
    ],
)
def test_no_more_events_are_made_of_a_report_than_anybody_sends(kind: str, body: bytes) -> None:
    with pytest.raises(UnreadableReport):
        WEBHOOKS[kind].read(body, "application/json")
