"""What several hits on one message show."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from core.events.patterns import Hit, find
from core.events.signals import Signal

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
HERE, THERE = "192.0.2.0/24", "198.51.100.0/24"


def click(number: int, seconds: float, link: int = 1, network: str | None = HERE, **known: object) -> Hit:
    return Hit(number, 1, True, NOON + timedelta(seconds=seconds), link, network, **known)  # type: ignore[arg-type]


def test_three_links_within_a_moment_are_no_persons() -> None:
    found = find([click(1, 0, 1), click(2, 1, 2), click(3, 9, 3, THERE), click(4, 100, 4)])
    assert found == {number: {Signal.EVERY_LINK} for number in (1, 2, 3)}


def test_a_person_may_click_two_links_within_a_minute_and_one_twice() -> None:
    assert find([click(1, 0, 1, of_links=2), click(2, 1, 1, of_links=2), click(3, 20, 2, of_links=2), click(4, 40, 3)]) == {}


def test_both_links_of_a_mailing_at_once_are_a_machines() -> None:
    assert set(find([click(1, 0, 1, of_links=2), click(2, 1, 2, of_links=2)])) == {1, 2}
    assert find([click(1, 0, 1, of_links=9), click(2, 1, 2, of_links=9)]) == {}


def test_the_hidden_link_taints_what_came_with_it() -> None:
    trap = click(9, 30, 0, is_honeypot=True)
    found = find([trap, click(1, 0), click(2, 85), click(3, 95), click(4, 60, network=THERE), click(5, 36, network=THERE)])
    assert found == {number: {Signal.NEAR_HONEYPOT} for number in (1, 2, 5)}


def test_asking_before_fetching_and_bursts() -> None:
    assert find([click(1, 0, is_head=True), click(2, 0), click(3, 4, network=THERE)]) == {2: {Signal.HEAD_BEFORE}}
    assert set(find([click(number, number) for number in range(5)])) == set(range(5))
    assert find([click(number, number * 4) for number in range(5)]) == {}


HITS = st.lists(
    st.tuples(
        st.integers(1, 2), st.booleans(), st.integers(0, 120), st.integers(0, 4), st.sampled_from([HERE, THERE, None]), st.booleans()
    ),
    max_size=25,
).map(
    lambda drawn: [
        Hit(number, message, is_click, NOON + timedelta(seconds=at), link, network, is_head, link == 0 and is_click, 3)
        for number, (message, is_click, at, link, network, is_head) in enumerate(drawn)
    ]
)


@given(HITS, st.randoms())
def test_order_makes_no_difference(hits: list[Hit], chance: random.Random) -> None:
    shuffled = list(hits)
    chance.shuffle(shuffled)
    assert find(shuffled) == find(hits)


@given(HITS)
def test_a_click_elsewhere_changes_nothing(hits: list[Hit]) -> None:
    elsewhere = [Hit(1000, 3, True, NOON, 1, HERE), Hit(1001, 1, True, NOON + timedelta(hours=2), 7, HERE)]
    assert find([*hits, *elsewhere]) == find(hits)


def test_many_hits_on_one_message_take_no_longer_than_their_number() -> None:
    hits = [click(number, number / 1000, number % 50, is_honeypot=number % 50 == 0) for number in range(20_000)]
    assert len(find(hits)) >= 19_000
