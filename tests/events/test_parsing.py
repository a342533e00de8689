"""A journal line is checked field by field: whatever it holds, no later step meets a surprise."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.events.event import Drop, Event, MatchedMessage
from core.events.lake_rows import table_of
from core.events.matching import Context
from core.events.parsing import ip_prefix, parse
from core.events.pipeline import sort_out

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
FIELDS = ["kind", "source", "message_id", "link_id", "bounce_class", "reason", "ip", "user_agent", "method", "value", "key", "properties"]


@given(st.dictionaries(st.sampled_from(FIELDS), ANYTHING))
def test_any_field_may_hold_anything(fields: dict[str, object]) -> None:
    record = {"at": "2026-11-22T12:00:00+00:00", **fields}
    event = parse("file", 0, record)
    assert isinstance(event, Event)
    message = MatchedMessage(1, 1, 1, 1, None, "accepted", None, False, "a@example.com")
    event.message_id = 1

    kept = sort_out([event], Context({1: message})).kept

    assert table_of(kept).num_rows == 1
    assert not event.properties or orjson.loads(event.properties) == orjson.loads(
        orjson.dumps(fields["properties"])
    )  # JSON has no infinity


@given(ANYTHING)
def test_a_line_without_a_time_is_left_out(at: object) -> None:
    assert isinstance(parse("file", 0, {"kind": "opened", "at": at}), Drop)


def test_an_event_has_the_same_id_however_often_its_line_is_read() -> None:
    record = {"kind": "opened", "at": "2026-11-22T12:00:00+00:00"}
    first, again, other = (parse("file", offset, record) for offset in (0, 0, 1))
    assert isinstance(first, Event) and isinstance(again, Event) and isinstance(other, Event)
    assert first.event_id == again.event_id != other.event_id


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("testclient", None),
        (None, None),
    ],
)
def test_an_address_is_shortened_to_its_network(address: str | None, expected: str | None) -> None:
    assert ip_prefix(address) == expected


def test_text_that_a_database_can_not_hold_is_cleaned_and_cut() -> None:
    event = parse("file", 0, {"kind": "opened", "at": "2026-11-22T12:00:00+00:00", "user_agent": "a\x00b" + "c" * 1000})
    assert isinstance(event, Event)
    assert event.user_agent is not None
    assert event.user_agent.startswith("abc")
    assert len(event.user_agent) <= 500
