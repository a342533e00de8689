"""What a conversion may say, whoever reports it: a landing page by its token, or a shop's own server."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from core.errors import InvalidInput

LONGEST_ORDER = 200
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_LARGEST_VALUE = 1e12


@dataclass(frozen=True)
class Conversion:
    """What was reported.

    Args:
        value: What it was worth, None if not said.
        currency: ISO 4217 letters, empty if not said.
        order_id: Makes a second report of the same order harmless; empty if not said.
    """

    value: float | None
    currency: str
    order_id: str


def checked(value: float | None, currency: str, order_id: str) -> Conversion:
    """Return the conversion, its currency in capital letters.

    Raises:
        InvalidInput: If a part can't be used; says which.
    """
    if value is not None and not (math.isfinite(value) and abs(value) <= _LARGEST_VALUE):
        raise InvalidInput("`value` is out of range.")
    if currency and not _CURRENCY.fullmatch(currency):
        raise InvalidInput("`currency` must be three letters, like EUR.")
    if len(order_id) > LONGEST_ORDER:
        raise InvalidInput(f"`order_id` may have {LONGEST_ORDER} characters at most.")
    return Conversion(value, currency.upper(), order_id)
