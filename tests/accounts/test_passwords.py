from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts import passwords
from core.errors import InvalidInput

KNOWN = ("Ada Lovelace", "ada.lovelace@aurora-tea.example", "Aurora Tea House")


@pytest.mark.parametrize("password", ["", "short", "elevenchars", "x" * 129])
def test_a_password_that_is_too_short_or_too_long_is_refused(password: str):
    with pytest.raises(InvalidInput, match="12 to 128"):
        passwords.check_strength(password)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("aaaaaaaaaaaaaaaa", "repeats itself"),
        ("abcabcabcabcabc", "repeats itself"),
        ("123456789012", "tried first"),
        ("Password1234!", "tried first"),
        ("qwertyuiopasdf", "tried first|keyboard"),
        ("lovelace lovelace", "your name"),
        ("Lovelace, Aurora 1", "your name"),
        ("auroratea2026", "your name, your address or the workspace’s name"),
        ("x" * 128, "repeats itself"),
    ],
)
def test_an_easy_password_is_refused_with_the_reason(password: str, why: str):
    with pytest.raises(InvalidInput, match=why) as refused:
        passwords.check_strength(password, KNOWN)
    assert "easy to guess" in str(refused.value)
    assert "random words" in refused.value.hint


@given(st.text(alphabet="abc1@Р", min_size=8, max_size=60))
def test_a_refusal_never_quotes_the_password(password: str):
    try:
        passwords.check_strength(password, (password,))
    except InvalidInput as error:
        assert password not in str(error)


@pytest.mark.parametrize("password", ["correct horse battery", "four random words here", "пароль из слов", "🙂🙃🙂🙃😀😀😀😀🎈🎈🎈🎈"])
def test_any_kind_of_character_makes_a_password(password: str):
    passwords.check_strength(password, KNOWN)
    assert passwords.verify(password, passwords.hash_password(password, rounds=4))


def test_what_one_person_is_told_about_does_not_count_for_another():
    mine = "zanzibar quokka"
    passwords.check_strength(mine, KNOWN)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: passwords.check_strength(mine, KNOWN) if n % 2 else _refused(mine), range(40)))


def _refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        passwords.check_strength(password, (password,))


def test_characters_beyond_bcrypts_72_bytes_count():
    stored = passwords.hash_password("a" * 100 + "end", rounds=4)
    assert passwords.verify("a" * 100 + "end", stored)
    assert not passwords.verify("a" * 100 + "END", stored)


def test_the_hash_costs_what_was_asked_and_differs_each_time():
    first, second = (passwords.hash_password("the same password", rounds=5) for _ in range(2))
    assert first.startswith("$2b$05$")
    assert first != second


@pytest.mark.parametrize("stored", [passwords.NO_PASSWORD, "", "$2b$", "no hash at all", "$2b$99$" + "x" * 53])
def test_what_is_no_hash_is_matched_by_no_password(stored: str):
    assert not passwords.verify("correct horse battery", stored, rounds=4)
    assert not passwords.verify(stored, stored, rounds=4)
