"""The comparison gives published values and keeps its promise in simulation."""

from __future__ import annotations

import numpy as np
import pytest

from core.experiments.comparing import compare, wilson


@pytest.mark.parametrize(
    ("a", "b", "low", "high"),
    [
        # Newcombe 1998, table II, method 10 (there: first minus second, so B minus A here)
        pytest.param((48, 80), (56, 70), 0.0524, 0.3339, id="56/70 against 48/80"),
        pytest.param((3, 10), (9, 10), 0.1705, 0.8090, id="9/10 against 3/10"),
        pytest.param((2, 7), (6, 7), 0.0582, 0.8062, id="6/7 against 2/7"),
        pytest.param((0, 29), (5, 56), -0.0381, 0.1926, id="5/56 against 0/29"),
        pytest.param((0, 10), (0, 20), -0.2775, 0.1611, id="0/20 against 0/10"),
        pytest.param((0, 10), (10, 10), 0.6075, 1.0, id="10/10 against 0/10"),
    ],
)
def test_intervals_match_newcombe(a: tuple[int, int], b: tuple[int, int], low: float, high: float) -> None:
    found = compare(*a, *b)
    assert found
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_wilson_matches_the_published_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857-872, table I: 81/263 by the score method
    assert wilson(81, 263) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))


def test_the_p_value_is_that_of_the_pooled_z_test() -> None:
    found = compare(14, 28, 16, 30)  # by hand: pooled 30/58, z = 0.0333 / 0.1313 = 0.254, two-sided
    assert found
    assert found.p_value == pytest.approx(0.7993, abs=1e-3)


def test_no_answer_without_people_and_no_alarm_without_difference() -> None:
    assert compare(0, 0, 5, 10) is None
    alike = compare(0, 50, 0, 50)
    assert alike
    assert (alike.difference, alike.p_value, alike.is_clear) == (0, 1.0, False)


@pytest.mark.parametrize("counts", [(-1, 5, 1, 5), (6, 5, 1, 5), (1, 5, 7, 5)])
def test_impossible_counts_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="between 0 and the total"):
        compare(*counts)


def test_the_interval_holds_the_truth_as_often_as_it_says() -> None:
    dice = np.random.default_rng(11)
    a, b = dice.binomial(400, 0.05, 2_000), dice.binomial(400, 0.08, 2_000)
    found = [compare(int(x), 400, int(y), 400) for x, y in zip(a, b, strict=True)]
    covered = sum(1 for one in found if one and one.low <= 0.03 <= one.high)
    assert covered / 2_000 == pytest.approx(0.95, abs=0.015)
