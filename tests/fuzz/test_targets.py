"""The short form of `make fuzz`: every target on some bytes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import targets

TARGETS = targets()
# JSON as often as bytes: readers that get no JSON give up at once.
LEAVES = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=10)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=10
)


@pytest.mark.parametrize("name", TARGETS)
@given(data=st.binary(max_size=200) | JSON.map(lambda drawn: b"\0" + json.dumps(drawn).encode()))
@settings(max_examples=60)
def test_nothing_comes_out_that_callers_do_not_expect(name: str, data: bytes) -> None:
    TARGETS[name](data)


@pytest.mark.parametrize("name", [name for name in TARGETS if name.startswith("read-")])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\0" * 50_000,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'[{"event": "open", "timestamp": 1e308}]',
        b'{"timestamp": 99999999999999999999}',
        b'[{"ts": -1e18, "event": {"a": []}}]',
        b'"\\ud800"',
        b"\xff\xfe{}",
        b"a=%00&" * 5000,
    ],
    ids=["nothing", "zeros", "deep lists", "deep objects", "far future", "farther", "long ago", "half a character", "utf-16", "form"],
)
def test_bodies_that_have_broken_readers_before(name: str, body: bytes) -> None:
    for first in range(5):
        TARGETS[name](bytes([first]) + body)
