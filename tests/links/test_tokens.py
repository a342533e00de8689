from __future__ import annotations

import string

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from core.links.tokens import Purpose, TokenClaims, TokenSigner

SIGNER = TokenSigner(b"a key for tests")
purposes = st.sampled_from(Purpose)
message_ids = st.integers(0, 2**64 - 1)
link_ids = st.integers(0, 2**32 - 1)


@given(purposes, message_ids, link_ids)
def test_a_token_says_what_was_put_in(purpose: Purpose, message_id: int, link_id: int) -> None:
    assert SIGNER.verify(SIGNER.mint(purpose, message_id, link_id), purpose) == TokenClaims(message_id, link_id)


@given(purposes, purposes, message_ids)
def test_a_token_is_refused_for_every_other_purpose(made_for: Purpose, used_for: Purpose, message_id: int) -> None:
    assume(made_for != used_for)
    assert SIGNER.verify(SIGNER.mint(made_for, message_id), used_for) is None


@given(purposes, message_ids, link_ids, st.data())
def test_any_changed_character_is_refused(purpose: Purpose, message_id: int, link_id: int, data: st.DataObject) -> None:
    token = SIGNER.mint(purpose, message_id, link_id)
    place = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters().filter(lambda c: c != token[place]))
    assert SIGNER.verify(token[:place] + character + token[place + 1 :], purpose) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_every_other_character_at_every_place_is_refused(purpose: Purpose) -> None:
    token = SIGNER.mint(purpose, 2**63 + 12345, 2**31 + 678)
    for place, old in enumerate(token):
        for new in set(string.printable) - {old}:
            assert SIGNER.verify(token[:place] + new + token[place + 1 :], purpose) is None


@given(purposes, message_ids, st.data())
def test_a_truncated_token_is_refused(purpose: Purpose, message_id: int, data: st.DataObject) -> None:
    token = SIGNER.mint(purpose, message_id)
    assert SIGNER.verify(token[: data.draw(st.integers(0, len(token) - 1))], purpose) is None


@given(st.text(max_size=60), purposes)
def test_garbage_is_refused_without_an_error(garbage: str, purpose: Purpose) -> None:
    assert SIGNER.verify(garbage, purpose) is None


@given(st.text(string.ascii_letters + string.digits + "-_", min_size=32, max_size=32), purposes)
def test_a_guessed_token_is_refused(guess: str, purpose: Purpose) -> None:
    assert SIGNER.verify(guess, purpose) is None


@pytest.mark.parametrize("tail", ["=", "\n", " ", "A", "=="])
def test_anything_after_the_token_is_refused(tail: str) -> None:
    assert SIGNER.verify(SIGNER.mint(Purpose.CLICK, 1, 1) + tail, Purpose.CLICK) is None


def test_another_installation_s_token_is_refused() -> None:
    assert SIGNER.verify(TokenSigner(b"another key").mint(Purpose.OPEN, 7), Purpose.OPEN) is None


def test_the_same_message_always_has_the_same_token() -> None:
    assert SIGNER.mint(Purpose.VIEW, 7) == TokenSigner(b"a key for tests").mint(Purpose.VIEW, 7)


def test_tokens_are_short_and_need_no_escaping_in_a_url() -> None:
    tokens = [SIGNER.mint(purpose, 2**64 - 1, 2**32 - 1) for purpose in Purpose]
    assert all(set(token) <= set(string.ascii_letters + string.digits + "-_") for token in tokens)
    assert [len(token) for token in tokens] == [32, 32, 40, 32, 32, 40]
