"""What fails in the same way is counted together, whatever address or number stands in it."""

from __future__ import annotations

import pytest

from core.messages.reasons import LONGEST, gist, is_for_good, meaning, together


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("550 5.7.1 blocked", "550 5.7.1 blocked"),
        ("550 5.1.1 <ann@example.com>: no such user", "550 5.1.1 …: no such user"),
        ("421 4.7.0 [203.0.113.7] too many, 203.0.113.7", "421 4.7.0 … too many, …"),
        ("451 4.7.1 [2001:db8::25:1] greylisted", "451 4.7.1 … greylisted"),
        ("554 see https://why.example/block?ip=203.0.113.7&x=1", "554 see https://why.example/block"),
        ("452 4.2.2 over quota 3f9a1c77-77aa - gsmtp", "452 4.2.2 over quota … - gsmtp"),
        ("queued as 4YbQ1z2Xk9zz9, 1234567", "queued as …"),
        ("given up after 5 attempts: 451 4.3.0 try\r\n later", "given up after 5 attempts: 451 4.3.0 try later"),
        ("", ""),
    ],
)
def test_what_differs_from_one_to_the_next_is_left_out(reason: str, said: str) -> None:
    assert gist(reason) == said


def test_a_long_reason_is_cut() -> None:
    assert len(gist("no " * 500)) == LONGEST


def test_the_gist_of_a_gist_is_itself() -> None:
    said = gist("550 5.7.1 <ann@example.com> blocked, see https://block.example/why?ip=192.0.2.7 (id 4Bx77Q2zz)")
    assert gist(said) == said


def test_counts_are_added_up_most_frequent_first() -> None:
    counts = {"550 <a@example.com> no": 2, "421 later": 4, "550 <b@example.com> no": 3}
    assert list(together(counts).items()) == [("550 … no", 5), ("421 later", 4)]
    assert meaning(["550 … no"], counts) == ["550 <a@example.com> no", "550 <b@example.com> no"]
    assert meaning(["made up"], counts) == []


def test_only_a_bad_address_is_bad_for_good() -> None:
    assert is_for_good("550 5.1.1 no such user")
    assert not any(map(is_for_good, ("550 5.7.1 blocked", "given up after 5 attempts: 451 try later", "mailbox full", "")))
