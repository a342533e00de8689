"""Text that is the same in many emails but for a few places: shared once, filled in for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """What is the same in all emails of a kind; one object for all of them, so that what is made of it can be kept.

    Args:
        pieces: The fixed texts, in order; between each two of them is one place to fill, so there is always one more
            piece than there are places.
    """

    pieces: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.pieces:
            raise ValueError("a layout has at least one piece")

    @property
    def places(self) -> int:
        """How many places there are to fill."""
        return len(self.pieces) - 1

    def joined(self, values: Sequence[str]) -> str:
        """Return the text with its places filled.

        Args:
            values: One for each place.
        """
        parts = [""] * (2 * len(self.pieces) - 1)
        parts[::2], parts[1::2] = self.pieces, values
        return "".join(parts)


_WHOLE = Layout(("", ""))


@dataclass(frozen=True, slots=True)
class Filled:
    """A layout with the values of one email; `str()` of it is the text.

    Args:
        layout: What it shares with others.
        values: What is its own, one for each place of the layout.
    """

    layout: Layout
    values: tuple[str, ...]

    @classmethod
    def whole(cls, text: str) -> Filled:
        """Return a text that shares nothing with others."""
        return cls(_WHOLE, (text,))

    def __str__(self) -> str:
        return self.layout.joined(self.values)
