from __future__ import annotations

import pytest

from core.messages.keys import MessageKeys

KEYS = MessageKeys(b"this year", [b"last year", b"before that"])


@pytest.mark.parametrize("key", [b"this year", b"last year", b"before that"])
def test_a_name_made_with_a_key_of_now_or_before_is_read(key: bytes) -> None:
    assert KEYS.read(MessageKeys(key).of(42)) == 42


def test_names_are_made_with_the_key_of_now() -> None:
    assert KEYS.of(42) == MessageKeys(b"this year").of(42)


@pytest.mark.parametrize("name", [MessageKeys(b"another").of(42), KEYS.of(42)[:-1], KEYS.of(42).replace("42", "43"), "", "42-", "x"])
def test_other_names_are_not_ours(name: str) -> None:
    assert KEYS.read(name) is None
