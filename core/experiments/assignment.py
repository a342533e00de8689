"""Who gets which arm: a stable hash, so that the same contact always falls into the same bucket of the same test."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

BUCKETS = 10_000


def bucket(salt: str, unit: str) -> int:
    """Return the bucket of a unit, 0 to 9,999, evenly spread and independent between salts.

    Args:
        salt: Names the test; another salt shuffles everybody anew.
        unit: Names the contact.
    """
    digest = hashlib.blake2b(f"{salt}\x1f{unit}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") * BUCKETS >> 64


def assign(salt: str, unit: str, weights: Sequence[int]) -> int:
    """Return the index of the arm a unit gets.

    Args:
        salt: Names the test.
        unit: Names the contact.
        weights: One positive weight per arm; an arm gets its share of their sum.

    Raises:
        ValueError: If there is no arm or a weight is not positive.
    """
    if not weights or min(weights) <= 0:
        raise ValueError("every arm needs a positive weight")
    position, total = bucket(salt, unit) * sum(weights), 0
    for index, weight in enumerate(weights):
        total += weight * BUCKETS
        if position < total:
            return index
    return len(weights) - 1
