"""Two arms side by side: their rates, the difference, and how far the difference can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Comparison:
    """What two arms came to.

    Args:
        rate_a: Share of successes in A, 0 to 1.
        rate_b: Share of successes in B, 0 to 1.
        difference: B minus A.
        low: Lower end of the 95 % interval of the difference.
        high: Upper end of the 95 % interval of the difference.
        p_value: Two-sided; the chance of a difference at least this large if the arms were alike.
    """

    rate_a: float
    rate_b: float
    difference: float
    low: float
    high: float
    p_value: float

    @property
    def is_clear(self) -> bool:
        """Return whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def compare(a_successes: int, a_total: int, b_successes: int, b_total: int) -> Comparison | None:
    """Compare two shares, or return None where an arm has nobody.

    The interval is Newcombe's hybrid score interval (Newcombe 1998, Statistics in Medicine 17:873-890, method 10), which
    stays honest for small shares; the p-value is that of the pooled two-proportion z test.

    Args:
        a_successes: People of A who did it.
        a_total: People in A.
        b_successes: People of B who did it.
        b_total: People in B.

    Raises:
        ValueError: If a count is negative or exceeds its total.
    """
    if not (0 <= a_successes <= a_total and 0 <= b_successes <= b_total):
        raise ValueError("successes must lie between 0 and the total")
    if not (a_total and b_total):
        return None
    rate_a, rate_b = a_successes / a_total, b_successes / b_total
    low_a, high_a = wilson(a_successes, a_total)
    low_b, high_b = wilson(b_successes, b_total)
    difference = rate_b - rate_a
    low = difference - sqrt((rate_b - low_b) ** 2 + (high_a - rate_a) ** 2)
    high = difference + sqrt((high_b - rate_b) ** 2 + (rate_a - low_a) ** 2)
    return Comparison(rate_a, rate_b, difference, low, high, _pooled_p(a_successes, a_total, b_successes, b_total))


def wilson(successes: int, total: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return Wilson's score interval of a share (Wilson 1927, JASA 22:209-212).

    Args:
        successes: How many did it.
        total: Out of how many; above 0.
        confidence: How often such an interval holds the true share.
    """
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    rate = successes / total
    middle = rate + z * z / (2 * total)
    reach = z * sqrt(rate * (1 - rate) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _pooled_p(a_successes: int, a_total: int, b_successes: int, b_total: int) -> float:
    pooled = (a_successes + b_successes) / (a_total + b_total)
    error = sqrt(pooled * (1 - pooled) * (1 / a_total + 1 / b_total))
    if error == 0:
        return 1.0
    z = abs(b_successes / b_total - a_successes / a_total) / error
    return erfc(z / sqrt(2))
