from __future__ import annotations

import pytest

from core.accounts import passwords
from core.errors import InvalidInput


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "x" * 129, "aaaaaaaaaaaaaaaa"])
def test_a_password_that_is_too_short_too_long_or_one_letter_is_refused(password: str):
    with pytest.raises(InvalidInput, match="12 to 128"):
        passwords.check_strength(password)


@pytest.mark.parametrize("password", ["twelve chars", "four random words here", "пароль из слов", "🙂🙃🙂🙃😀😀😀😀🎈🎈🎈🎈"])
def test_any_kind_of_character_makes_a_password(password: str):
    passwords.check_strength(password)
    assert passwords.verify(password, passwords.hash_password(password, rounds=4))


def test_characters_beyond_bcrypts_72_bytes_count():
    stored = passwords.hash_password("a" * 100 + "end", rounds=4)
    assert passwords.verify("a" * 100 + "end", stored)
    assert not passwords.verify("a" * 100 + "END", stored)


def test_the_hash_costs_what_was_asked_and_differs_each_time():
    first, second = (passwords.hash_password("the same password", rounds=5) for _ in range(2))
    assert first.startswith("$2b$05$")
    assert first != second
