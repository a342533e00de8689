"""Where the words stand that hide Jinja (see `placeholders`): found out once for each stretch that reads the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple, TypeVar

from core.templates.markup.scanning import Kind
from core.templates.markup.stretches import Stretch, facts_of
from core.templates.markup.tokens import Mark

_T = TypeVar("_T")
_COMMENT = "<!--"
# An element by where it begins; a value or a comment of somebody's own, which counts as an element of its own, by that and what it is.
Place = int | tuple[str, int]


class Tag(NamedTuple):
    """One Jinja tag of the source.

    Args:
        source: As it was written, `{{ … }}` or `{% … %}`.
        line: Where it was, from 1.
        keyword: The control word (`if`, `endfor`), or empty for an expression.
        around: The tags of the branches it is in, outermost first.
    """

    source: str
    line: int
    keyword: str = ""
    around: tuple[int, ...] = ()


@lru_cache(maxsize=64)
def pattern_of(word: str) -> re.Pattern[str]:
    """Return what finds placeholders that begin with a word, alone or as a comment."""
    return re.compile(f"<!--{word}(\\d+)z-->|{word}(\\d+)z")


def found_in(text: str, word: str) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield number and place of every placeholder in a text."""
    end = 0
    place = text.find(word)  # five times as fast as to let the pattern look for what no other text holds
    if place < 0:
        return
    match_at = pattern_of(word).match
    while place >= 0:
        opening = place - len(_COMMENT)
        is_inside = opening >= end and text.startswith(_COMMENT, opening)
        match = (match_at(text, opening) if is_inside else None) or match_at(text, place)
        if match:
            end = match.end()
            yield int(match[1] or match[2]), match
        place = text.find(word, end if match else place + 1)


def numbers_in(stretch: Stretch, word: str) -> tuple[int, ...]:
    """Return the number of every placeholder in a stretch."""
    return _known(stretch, word, _numbers)


def control_comments_in(stretch: Stretch, word: str) -> int | None:
    """Return how many comments are placeholders; None where a `<` begins nothing."""
    return _known(stretch, word, _control_comments)


def is_in_order(stretch: Stretch, word: str) -> bool:
    """Return whether every placeholder inside a tag is in the value of an attribute."""
    return _known(stretch, word, _is_in_order)


def places_in(stretch: Stretch, word: str) -> tuple[tuple[int, Place | None], ...] | None:
    """Return the number of every placeholder of a stretch and the element around it, None for the one that the stretch is in.

    None where it is not sure that what is opened in the stretch is closed in it.
    """
    return _known(stretch, word, _places)


def places_of(mark: Mark, start: int, element: Place) -> Iterator[tuple[Place, str]]:
    """Yield the texts of a piece that placeholders can be in, each with what identifies the place."""
    if mark.is_start:
        yield from ((("value", start + each.start), mark.text[each.start : each.end]) for each in mark.attributes)
    else:
        yield ("comment", start) if mark.kind is Kind.COMMENT else element, mark.text


def _known(stretch: Stretch, word: str, work: Callable[[Stretch, str], _T]) -> _T:
    known: tuple[str, _T] | None = stretch.notes.get(work)
    if known is None or known[0] != word:  # nearly all templates have the same
        known = stretch.notes[work] = word, work(stretch, word)
    return known[1]


def _numbers(stretch: Stretch, word: str) -> tuple[int, ...]:
    return tuple([number for number, _ in found_in(stretch.text, word)])


def _holders(stretch: Stretch, word: str) -> list[tuple[int, Mark]]:
    """Return where the pieces stand that hold placeholders, and perhaps others."""
    if word not in stretch.text:
        return []
    return [(start, mark) for start, mark in stretch if word in mark.text]


def _control_comments(stretch: Stretch, word: str) -> int | None:
    if facts_of(stretch).shape.has_broken:
        return None
    return sum(mark.kind is Kind.COMMENT and pattern_of(word).fullmatch(mark.text) is not None for _, mark in _holders(stretch, word))


def _is_in_order(stretch: Stretch, word: str) -> bool:
    return all([_is_in_values(mark, word) for _, mark in _holders(stretch, word) if mark.is_start or mark.is_end])


def _is_in_values(mark: Mark, word: str) -> bool:
    in_values = {number for value in mark.attributes for number, _ in found_in(mark.text[value.start : value.end], word)}
    return all(number in in_values for number, _ in found_in(mark.text, word))


def _places(stretch: Stretch, word: str) -> tuple[tuple[int, Place | None], ...] | None:
    if facts_of(stretch).shape.deepest is None:
        return None
    places: list[tuple[int, Place | None]] = []
    elements: list[int | None] = [None]
    for start, mark in stretch if word in stretch.text else ():
        if mark.is_end:
            elements.pop()
        if word in mark.text:
            for place, text in places_of(mark, start, -1):
                # A comment of ours stands for the element it is in; any other comment is a place of its own.
                places += [(number, elements[-1] if match[1] or place == -1 else place) for number, match in found_in(text, word)]
        if mark.is_start and not mark.is_closed:
            elements.append(start)
    return tuple(places)
