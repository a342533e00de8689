"""A rate of a few is not shown as one, on a page or in a terminal."""

from __future__ import annotations

import pytest

from core.analytics.rates import percent


@pytest.mark.parametrize(
    ("part", "whole", "said"), [(15, 30, "50.0 %"), (29, 29, "not enough yet"), (0, 0, "not enough yet"), (1, 3_000, "0.0 %")]
)
def test_a_share_is_said_from_thirty_on(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said
