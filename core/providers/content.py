"""Text that is the same in many emails but for a few places: shared once, filled in for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What is the same in all emails of a kind; one object for all of them, so that what is made of it can be kept.

    Args:
        pieces: The fixed texts, in order; between each two of them is one place to fill, so there is always one more
            piece than there are places.
        order: For each place, the number of the value that fills it: a name that stands in ten places is one value.
            Nothing means that each place has a value of its own.
    """

    pieces: tuple[str, ...]
    order: tuple[int, ...] = ()
    values: int = field(init=False)
    size: int = field(init=False)  # characters that are fixed
    _in_places: Callable[[Sequence[str]], Sequence[str]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if not self.pieces:
            raise ValueError("a layout has at least one piece")
        order = self.order or tuple(range(len(self.pieces) - 1))
        if len(order) != len(self.pieces) - 1 or (order and min(order) < 0):
            raise ValueError("a layout has one value for each place")
        object.__setattr__(self, "order", order)
        object.__setattr__(self, "size", sum(map(len, self.pieces)))
        object.__setattr__(self, "values", max(order, default=-1) + 1)
        object.__setattr__(self, "_in_places", itemgetter(*order) if len(order) > 1 else lambda values: [values[each] for each in order])

    def joined(self, values: Sequence[str]) -> str:
        """Return the text with its places filled.

        Args:
            values: As many as `values` says.
        """
        return self.joined_as(self.pieces, values)

    def joined_as(self, pieces: Sequence[str], values: Sequence[str]) -> str:
        """Return the text with its places filled, its pieces and values written in another way, such as encoded.

        Args:
            pieces: What stands for each of the pieces.
            values: What stands for each of the values.
        """
        parts = [""] * (2 * len(self.pieces) - 1)
        parts[::2], parts[1::2] = pieces, self._in_places(values)
        return "".join(parts)


_WHOLE = Layout(("", ""))


@dataclass(frozen=True, slots=True)
class Filled:
    """A layout with the values of one email; `str()` of it is the text.

    Args:
        layout: What it shares with others.
        values: What is its own, as the layout counts it.
    """

    layout: Layout
    values: tuple[str, ...]

    @classmethod
    def whole(cls, text: str) -> Filled:
        """Return a text that shares nothing with others."""
        return cls(_WHOLE, (text,))

    def __str__(self) -> str:
        return self.layout.joined(self.values)
