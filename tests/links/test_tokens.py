from __future__ import annotations

import binascii
import hashlib
import string
import struct

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


OLD, NEW = b"the key of last year", b"the key of this year"


def _before_keys_had_ids(key: bytes, purpose: Purpose, message_id: int, link_id: int = 0) -> str:
    """A token as mail of the first release carries it: format 1 in the first byte, the purpose in the second."""
    derived = hashlib.blake2b(key, digest_size=32, person=b"postwright-links").digest()
    size = 16 if purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES) else 10
    payload = struct.pack(">BBQI", 1, purpose, message_id, link_id)
    raw = payload + hashlib.blake2s(payload, key=derived, digest_size=size).digest()
    return binascii.b2a_base64(raw, newline=False).translate(bytes.maketrans(b"+/", b"-_")).decode()


@given(purposes, message_ids, link_ids)
def test_mail_of_the_first_release_works_for_ever(purpose: Purpose, message_id: int, link_id: int) -> None:
    token = _before_keys_had_ids(OLD, purpose, message_id, link_id)
    assert TokenSigner(OLD).verify(token, purpose) == TokenClaims(message_id, link_id)
    assert TokenSigner(NEW, [b"another", OLD]).verify(token, purpose) == TokenClaims(message_id, link_id)
    assert TokenSigner(NEW).verify(token, purpose) is None


@given(purposes, purposes)
def test_a_token_of_the_first_release_is_refused_for_every_other_purpose(made_for: Purpose, used_for: Purpose) -> None:
    assume(made_for != used_for)
    assert TokenSigner(OLD).verify(_before_keys_had_ids(OLD, made_for, 7), used_for) is None


@given(purposes, message_ids, link_ids, st.binary(min_size=1), st.binary(min_size=1))
def test_after_the_key_was_changed_old_tokens_count_while_the_old_key_is_named(
    purpose: Purpose, message_id: int, link_id: int, old: bytes, new: bytes
) -> None:
    assume(old != new)
    token = TokenSigner(old).mint(purpose, message_id, link_id)
    assert TokenSigner(new, [old]).verify(token, purpose) == TokenClaims(message_id, link_id)
    assert TokenSigner(new).verify(token, purpose) is None


@given(purposes)
def test_a_key_of_before_signs_nothing_any_more(purpose: Purpose) -> None:
    token = TokenSigner(NEW, [OLD]).mint(purpose, 7)
    assert token == TokenSigner(NEW).mint(purpose, 7)
    assert TokenSigner(OLD).verify(token, purpose) is None


@pytest.mark.parametrize("purpose", Purpose)
def test_naming_another_key_or_format_does_not_make_a_token_genuine(purpose: Purpose) -> None:
    """Every first and second byte there is, on a tag that was made for others."""
    signer = TokenSigner(NEW, [OLD])
    for genuine in (TokenSigner(OLD).mint(purpose, 7), signer.mint(purpose, 7), _before_keys_had_ids(OLD, purpose, 7)):
        raw = binascii.a2b_base64(genuine.translate(str.maketrans("-_", "+/")))
        for place in (0, 1):
            for value in set(range(256)) - {raw[place]}:
                forged = binascii.b2a_base64(raw[:place] + bytes([value]) + raw[place + 1 :], newline=False)
                assert signer.verify(forged.translate(bytes.maketrans(b"+/", b"-_")).decode(), purpose) is None


def test_two_keys_with_the_same_id_both_count() -> None:
    ids: dict[str, bytes] = {}
    for number in range(1000):
        key = b"key %d" % number
        twin = ids.setdefault(TokenSigner(key).mint(Purpose.OPEN, 1)[:1], key)
        one, other = TokenSigner(twin).mint(Purpose.OPEN, 1), TokenSigner(key).mint(Purpose.OPEN, 1)
        if twin != key and one[:3] == other[:3]:
            break
    assert one[:3] == other[:3]
    assert one != other
    signer = TokenSigner(twin, [key])
    assert signer.verify(one, Purpose.OPEN) == signer.verify(other, Purpose.OPEN) == TokenClaims(1, 0)


@given(purposes, message_ids, link_ids, st.data())
def test_no_mutation_of_a_token_is_taken_for_one(purpose: Purpose, message_id: int, link_id: int, data: st.DataObject) -> None:
    """Bytes changed, added and taken away before the encoding, so that what arrives is always well-formed."""
    signer = TokenSigner(NEW, [OLD])
    raw = binascii.a2b_base64(signer.mint(purpose, message_id, link_id).translate(str.maketrans("-_", "+/")))
    place, taken = data.draw(st.integers(0, len(raw))), data.draw(st.integers(0, 3))
    mutated = raw[:place] + data.draw(st.binary(max_size=3)) + raw[place + taken :]
    assume(mutated != raw)
    token = binascii.b2a_base64(mutated, newline=False).translate(bytes.maketrans(b"+/", b"-_")).decode()
    assert all(signer.verify(token, used_for) is None for used_for in Purpose)
