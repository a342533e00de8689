"""Assignment is stable, spread evenly, and gives the documented buckets."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.experiments.assignment import BUCKETS, assign, bucket
from core.experiments.experiments import Arm, deal
from core.templates.languages.headings import Headings


@pytest.mark.parametrize(("unit", "expected"), [("c-1", 1990), ("c-2", 4349), ("c-3", 2869)])
def test_buckets_match_the_reference(unit: str, expected: int) -> None:
    assert bucket("exp:42", unit) == expected


@given(salt=st.text(), unit=st.text(), weights=st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_a_unit_always_gets_the_same_valid_arm(salt: str, unit: str, weights: list[int]) -> None:
    first = assign(salt, unit, weights)
    assert first == assign(salt, unit, weights)
    assert 0 <= first < len(weights)
    assert 0 <= bucket(salt, unit) < BUCKETS


@pytest.mark.parametrize(("weights", "share"), [((1, 1), 0.5), ((1, 3), 0.25), ((9, 1), 0.9)])
def test_arms_get_their_share(weights: tuple[int, ...], share: float) -> None:
    counts = Counter(assign("s", str(n), weights) for n in range(20_000))
    assert counts[0] / 20_000 == pytest.approx(share, abs=0.015)


def test_two_tests_divide_people_independently() -> None:
    first = [assign("campaign:1", str(n), (1, 1)) for n in range(10_000)]
    second = [assign("campaign:2", str(n), (1, 1)) for n in range(10_000)]
    agree = sum(a == b for a, b in zip(first, second, strict=True))
    assert agree / 10_000 == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("weights", [(), (1, 0), (-1, 2)])
def test_weights_must_be_positive(weights: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="weight"):
        assign("s", "u", weights)


def test_without_arms_nobody_is_in_a_test() -> None:
    assert deal(1, [5, 6], []) == [(5, None), (6, None)]


def test_dealing_names_the_arms_ids() -> None:
    dealt = deal(1, range(100), [Arm(11, "A", Headings("x"), 1), Arm(12, "B", Headings("y"), 1)])
    assert {arm for _, arm in dealt} == {11, 12}
    assert [contact for contact, _ in dealt] == list(range(100))
