"""Reports in our own JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from core.storage.event_words import EventKind
from tests.providers.reporting import KEY, asked, is_believed, read, told, verifier


def test_only_the_token_is_believed() -> None:
    good = verifier("generic", webhook_token="a token")
    assert is_believed(good, asked(b"", {"authorization": "Bearer a token"}))
    for given in ("", "Bearer", "Bearer a", "Basic a token", "a token"):
        assert not is_believed(good, asked(b"", {"authorization": given}))
    assert not is_believed(verifier("generic"), asked(b"", {"authorization": "Bearer "}))


def test_every_field_is_read() -> None:
    row = {
        "event": "clicked",
        "at": "2026-11-25T13:00:00+01:00",
        "recipient": "ann@example.com",
        "message": KEY,
        "message_id": "<1-abc@shop.example>",
        "id": "e1",
        "reason": "why",
        "url": "https://shop.example/",
        "ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "actor": "machine",
        "bounce_class": "soft",
    }
    [event] = read("generic", orjson.dumps(row))
    assert told(event) == {
        "kind": "clicked",
        "at": datetime(2026, 11, 25, 12, tzinfo=UTC),
        "recipient": "ann@example.com",
        "message_key": KEY,
        "rfc_message_id": "1-abc@shop.example",
        "provider_event_id": "e1",
        "reason": "why",
        "url": "https://shop.example/",
        "ip": "203.0.113.9",
        "user_agent": "Mozilla/5.0",
        "actor": "machine",
        "bounce_class": "soft",
    }


@pytest.mark.parametrize("kind", [kind.value for kind in EventKind])
def test_every_kind_of_the_lake_can_be_told(kind: str) -> None:
    assert [event.kind for event in read("generic", orjson.dumps([{"event": kind}]))] == [kind]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (1764072000, datetime(2025, 11, 25, 12, tzinfo=UTC)),
        (1764072000.5, datetime(2025, 11, 25, 12, 0, 0, 500000, tzinfo=UTC)),
        ("1764072000", datetime(2025, 11, 25, 12, tzinfo=UTC)),
        (1764072000000, datetime(2025, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25T12:00:00Z", datetime(2026, 11, 25, 12, tzinfo=UTC)),
        ("2026-11-25T12:00:00", None),
        ("yesterday", None),
        (1e300, None),
        ("inf", None),
        ("nan", None),
        (True, None),
        ([], None),
        ("0001-01-01T00:00:00+14:00", None),
    ],
)
def test_a_time_may_be_told_in_several_ways(at: Any, expected: datetime | None) -> None:
    [event] = read("generic", orjson.dumps({"event": "opened", "at": at}))
    assert event.at == expected


def test_unknown_words_and_items_that_are_none_leave_the_others() -> None:
    events = read("generic", b'[{"event": "danced"}, null, 7, {"event": ["x"]}, {"event": "bounced", "bounce_class": "odd"}]')
    assert [event.kind for event in events] == ["unknown", "unknown", "unknown", "unknown", "bounced"]
    assert [event.properties for event in events] == [{"event": "danced"}, {"malformed": True}, {"malformed": True}, {}, {}]
    assert events[-1].bounce_class == "unknown"
