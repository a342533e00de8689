"""A text taken apart when somebody wants to know what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import accumulate, chain

from core.templates.markup.scanning import Kind
from core.templates.markup.skeletons import CLOSED_BY_THE_NEXT, nests
from core.templates.markup.stretches import Stretch, facts_of, stretches_of
from core.templates.markup.tokens import Mark


class Marked:
    """A text that is taken apart when somebody wants to know what is in it.

    Args:
        text: The text.
        keeps: Whether what is found out is kept for the next text with the same stretches; never of what is written for one person.
    """

    def __init__(self, text: str, *, keeps: bool = True) -> None:
        self.text, self._keeps = text, keeps

    @cached_property
    def stretches(self) -> tuple[tuple[int, Stretch], ...]:
        """Where each stretch of it begins, and the stretch."""
        found = stretches_of(self.text) if self._keeps else [Stretch(self.text, {})]
        return tuple(zip(accumulate((len(one.text) for one in found), initial=0), found, strict=False))

    @cached_property
    def marks(self) -> list[Mark]:
        """What each piece is, in order."""
        return list(chain.from_iterable(stretch.marks for _, stretch in self.stretches))

    def __iter__(self) -> Iterator[tuple[int, Mark]]:
        """Yield where each piece begins, and what it is."""
        for begin, stretch in self.stretches:
            for start, mark in stretch:
                yield begin + start, mark

    def __len__(self) -> int:
        return sum([facts_of(stretch).pieces for _, stretch in self.stretches])

    @property
    def last(self) -> Mark | None:
        """What its last piece is."""
        return next((stretch.marks[-1] for _, stretch in reversed(self.stretches) if stretch.text), None)

    def size_of_styles(self) -> int:
        """Return how many letters stand between `<style>` and `</style>`."""
        return sum([facts_of(stretch).style_letters for _, stretch in self.stretches])


def too_deep(marked: Marked, most: int) -> int | None:
    """Return where an HTML parser may have nested elements too deeply: too much crashes parsers that recurse; None if nowhere.

    An end tag is counted only where it closes the element opened last: a parser ignores others in ways that depend on
    the elements. So untidy HTML seems deeper than it is, and nothing is deeper than it seems.
    """
    opened, hidden = [""], 0
    for begin, stretch in marked.stretches:
        shape = facts_of(stretch).shape
        if shape.deepest is not None and len(opened) + hidden + shape.deepest <= most + 1 and not shape.has_raw:
            continue
        for start, mark in stretch:
            hidden += _hidden_after(mark, opened)
            if len(opened) + hidden > most + 1:
                return begin + start
    return None


def _hidden_after(mark: Mark, opened: list[str]) -> int:
    """Take a piece into account, and return how many elements may be hidden in it: inside <svg>, a <title> holds some."""
    if mark.is_start:
        if nests(mark.piece) and (mark.name != opened[-1] or mark.name not in CLOSED_BY_THE_NEXT):
            opened.append(mark.name)
    elif mark.is_end:
        if mark.name == opened[-1]:
            opened.pop()
    elif mark.kind is Kind.RAW:
        return mark.text.count("<")
    return 0
