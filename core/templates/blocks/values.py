"""The values that blocks are made of: colours by the brand's word or fixed, sides, sizes, addresses, conditions."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from core.templates.look.brand import Token, Url, Value

_TOKENS = "|".join(token.value for token in Token)
# A word of the brand follows the brand when it changes; `#rrggbb` stays.
Colour = Annotated[str, StringConstraints(pattern=rf"^(?:#[0-9a-fA-F]{{6}}|{_TOKENS})$")]
Text = Annotated[str, StringConstraints(max_length=20_000)]
Line = Annotated[str, StringConstraints(max_length=500)]
Code = Annotated[str, StringConstraints(max_length=100_000)]
BlockId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{4,20}$")]
Pixels = Annotated[int, Field(ge=0, le=200)]
LinkTarget = Url


class Align(StrEnum):
    """Which side something keeps to."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


class Operator(StrEnum):
    """How a condition compares a field with a value."""

    EQUALS = "equals"
    DIFFERS = "differs"
    CONTAINS = "contains"
    ABOVE = "above"
    BELOW = "below"
    IS_SET = "is_set"
    IS_EMPTY = "is_empty"


class Condition(Value):
    """One thing that must be so for a block to be shown.

    Args:
        field: A merge field, for example `contact.country`.
        operator: How it is compared.
        value: What with; not used by `is_set` and `is_empty`.
    """

    field: Annotated[str, StringConstraints(pattern=r"^(?:contact|data|campaign|workspace)\.[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    operator: Operator = Operator.EQUALS
    value: Annotated[str, StringConstraints(max_length=200)] | int | float | bool = ""


class ShowIf(Value):
    """When a block or section is shown: by default always.

    Args:
        match: Whether all conditions must hold, or any.
        conditions: The conditions.
    """

    match: Literal["all", "any"] = "all"
    conditions: Annotated[tuple[Condition, ...], Field(max_length=10)] = ()


class Space(Value):
    """The space around what is in a block, in pixels.

    Args:
        top: Above.
        bottom: Below.
        side: Left and right.
    """

    top: Pixels = 0
    bottom: Pixels = 16
    side: Pixels = 24
