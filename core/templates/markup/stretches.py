"""A text in stretches that mostly stay as they are while somebody goes on writing it: what one says is found out once.

A stretch begins where a section does, in MJML and in what is made of it. Whatever is asked of a whole text is asked of each stretch,
which notes the answer where it does not depend on what is around it; only where it does is the text walked through.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain, pairwise
from operator import attrgetter
from typing import Any, NamedTuple

from core.templates.markup.keeping import Kept
from core.templates.markup.scanning import Kind
from core.templates.markup.skeletons import Shape, shape_of
from core.templates.markup.tokens import Mark, is_complete, marks_of, noted, tokens_of

_SECTIONS = (
    *("<mj-section", "<mj-wrapper", "<mj-hero"),
    '<!--[if mso | IE]><table border="0" cellpadding="0" cellspacing="0" role="presentation" ',
)
_MOST_STRETCHES = 1_000
_TEXT_OF, _BONE_OF = attrgetter("text"), attrgetter("bone")
# Bytes, at most: what notes take for each letter and for each tag, be they made up to fill the memory; those of usual ones take a third.
_OF_A_LETTER, _OF_A_TAG = 8, 700


class Stretch:
    """A stretch of a text, taken apart when somebody wants to know what is in it.

    Args:
        text: What it reads.
        known: The marks of tokens that were met already; those met here are added.
        notes: What was found out about it before.
    """

    __slots__ = ("_known", "_marks", "_starts", "_tokens", "notes", "text")

    def __init__(self, text: str, known: dict[str, tuple[Mark, ...]], notes: dict[object, Any] | None = None) -> None:
        self.text, self._known = text, known
        self.notes: dict[object, Any] = {} if notes is None else notes
        self._tokens: list[str] | None = None
        self._marks: list[Mark] | None = None
        self._starts: list[int] | None = None

    @property
    def tokens(self) -> list[str]:
        """It as tokens, which together are the text."""
        if self._tokens is None:
            self._tokens = tokens_of(self.text)
        return self._tokens

    @property
    def marks(self) -> list[Mark]:
        """What each piece is, in order."""
        if self._marks is None:
            known, tokens = self._known, self.tokens
            for token in tokens:
                if token not in known:
                    known[token] = marks_of(token)
            self._marks = list(chain.from_iterable(map(known.__getitem__, tokens)))
        return self._marks

    @property
    def starts(self) -> list[int]:
        """Where each piece begins, and at the end where the last ends."""
        if self._starts is None:
            self._starts = list(accumulate(map(len, map(_TEXT_OF, self.marks)), initial=0))
        return self._starts

    def __iter__(self) -> Iterator[tuple[int, Mark]]:
        """Yield where each piece begins, and what it is."""
        return zip(self.starts, self.marks, strict=False)


class Facts(NamedTuple):
    """What is known of a stretch wherever it stands.

    Args:
        pieces: How many it has.
        style_letters: How many letters stand between `<style>` and `</style>`.
        shape: How its elements are inside each other.
        is_whole: Whether what is in it is the same whatever follows, if that begins with a start tag or a comment.
    """

    pieces: int
    style_letters: int
    shape: Shape
    is_whole: bool


@noted
def facts_of(stretch: Stretch) -> Facts:
    """Return what is known of a stretch wherever it stands."""
    marks, tokens = stretch.marks, stretch.tokens
    shape = shape_of(" ".join(filter(None, map(_BONE_OF, marks))))
    styles = sum([len(mark.text) for mark in marks if mark.kind is Kind.RAW and mark.name == "style"]) if shape.has_raw else 0
    return Facts(len(marks), styles, shape, not tokens or is_complete(tokens[-1]))


def stretches_of(text: str) -> list[Stretch]:
    """Return a text as stretches, which together hold what is in it; of those met before, what was found out then is known."""
    known: dict[str, tuple[Mark, ...]] = {}
    begins = _begins(text)
    if len(begins) == 1:
        return [Stretch(text, known)]
    found: list[Stretch] = []
    for begin, end in pairwise([*begins, len(text)]):
        one = _stretch(text[begin:end], known)
        if not facts_of(one).is_whole and end < len(text):
            return [*found, Stretch(text[begin:], known)]  # it goes on behind what looks like the beginning of a section
        found.append(one)
    return found


# Of each process that compiles, the helpers too: the notes, not the marks, which are soon made again where they are needed.
_KEPT: Kept[str, dict[object, Any]] = Kept(48_000_000)


def _stretch(text: str, known: dict[str, tuple[Mark, ...]]) -> Stretch:
    notes = _KEPT.get(text)
    found = Stretch(text, known, notes)
    if notes is None:
        _KEPT.put(text, found.notes, _OF_A_LETTER * len(text) + _OF_A_TAG * text.count("<"))
    return found


def _begins(text: str) -> list[int]:
    """Return where stretches begin: at its beginning, and before each section with the controls in front of it."""
    places = {0}
    for opening in _SECTIONS:
        place = text.find(opening)
        while place >= 0:
            places.add(_before_controls(text, place))
            place = text.find(opening, place + len(opening))
            if len(places) > _MOST_STRETCHES:
                return [0]
    return sorted(places)


def _before_controls(text: str, place: int) -> int:
    while text.endswith("-->", 0, place):
        opening = text.rfind("<!--", max(0, place - 40), place)
        if opening < 0 or not text[opening + 4 : place - 3].isalnum():
            break
        place = opening
    return place
