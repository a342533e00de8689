"""Takes apart what tools write, in which the same few tags stand again and again: what one says is found out once for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache, wraps
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, TypeVar

from core.templates.markup.scanning import RAW_ELEMENTS, VOID_ELEMENTS, Attribute, Kind, Piece, scan, shifted

_ATTRIBUTES = r"""(?:\s++[^\s=>/"']++(?:="[^"]*+")?+)*+\s*+"""
_RAW = "|".join(rf"(?ai:{name}){_ATTRIBUTES}>(?s:.*?)(?=(?i:</{name})[\s/>]|\Z)" for name in sorted(RAW_ELEMENTS))
# What `scan` reads in the same way whatever stands around it. Where something is odd, all that follows is one token: so this never
# tries the same stretch of text twice.
_TOKEN = re.compile(
    rf"""<(?=[tTsSmM])(?:{_RAW})
    |<[a-zA-Z][a-zA-Z0-9:_-]*+{_ATTRIBUTES}/?>
    |(?:</[a-zA-Z][^\s/>]*+>)++
    |<!--(?s:-?>|.*?--!?>)
    |<(?:!(?!--)|\?)[^>]*+>
    |[^<]++
    |(?s:<.*+)""",
    re.VERBOSE,
)
_LONGEST_KEPT, _MOST_KEPT = 500, 100  # letters; signs between attributes
_TEXT_OF = attrgetter("text")
_CLOSED_BY_THE_NEXT = frozenset({"p", "li", "option", "dt", "dd", "tr", "td", "th"})

_T = TypeVar("_T")


class Mark:
    """What a piece is, wherever it stands: pieces that read the same share one.

    Args:
        piece: The piece, as if it stood at the beginning.
        text: What it reads.
    """

    __slots__ = ("is_closed", "kind", "name", "notes", "piece", "text")

    def __init__(self, piece: Piece, text: str) -> None:
        self.piece, self.text = piece, text
        self.kind, self.name, self.is_closed = piece.kind, piece.name, piece.is_closed
        self.notes: dict[object, Any] = {}

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """A start tag's attributes; where they stand is counted from its beginning."""
        return self.piece.attributes


def noted(work: Callable[[Mark], _T]) -> Callable[[Mark], _T]:
    """Return what works something out of a mark, once for each: it is noted there."""

    @wraps(work)
    def found(mark: Mark) -> _T:
        if work not in mark.notes:
            mark.notes[work] = work(mark)
        answer: _T = mark.notes[work]
        return answer

    return found


class Marked:
    """A text that is taken apart when somebody wants to know what is in it.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _known(self) -> dict[str, tuple[Mark, ...]]:
        return {token: _kept(token) if _is_small(token) else _marks_of(token) for token in dict.fromkeys(self._tokens)}

    @cached_property
    def _tokens(self) -> list[str]:
        return _TOKEN.findall(self.text)

    @cached_property
    def distinct(self) -> tuple[Mark, ...]:
        """Every mark once, in the order of the text."""
        return tuple(chain.from_iterable(self._known.values()))

    @cached_property
    def marks(self) -> list[Mark]:
        """What each piece is, in order."""
        return list(chain.from_iterable(map(self._known.__getitem__, self._tokens)))

    @cached_property
    def _starts(self) -> list[int]:
        return list(accumulate(map(len, map(_TEXT_OF, self.marks)), initial=0))[:-1]

    def __iter__(self) -> Iterator[tuple[int, Mark]]:
        """Yield where each piece begins, and what it is."""
        return zip(self._starts, self.marks, strict=True)

    def __len__(self) -> int:
        return len(self.marks)

    def size_of_styles(self) -> int:
        """Return how many letters stand between `<style>` and `</style>`."""
        return sum(len(mark.text) for mark in self.marks if mark.kind is Kind.RAW and mark.name == "style")


def _is_small(token: str) -> bool:
    """Return whether a token is kept: what somebody makes up to fill the memory is not."""
    return len(token) <= _LONGEST_KEPT and token.count(" ") + token.count("/") + token.count('"') <= _MOST_KEPT and token.isprintable()


@lru_cache(maxsize=2_048)
def _kept(token: str) -> tuple[Mark, ...]:
    """Return the marks of a token, the same as before: who edits a template compiles nearly all of it as it was."""
    return _marks_of(token)


def _marks_of(token: str) -> tuple[Mark, ...]:
    pieces = list(scan(token))
    if len(pieces) == 1:
        return (Mark(pieces[0], token),)
    return tuple(Mark(shifted(piece, -piece.start), token[piece.start : piece.end]) for piece in pieces)


def too_deep(marked: Marked, most: int) -> int | None:
    """Return where an HTML parser may have nested elements too deeply: too much crashes parsers that recurse; None if nowhere.

    An end tag is counted only where it closes the element opened last: a parser ignores others in ways that depend on
    the elements. So untidy HTML seems deeper than it is, and nothing is deeper than it seems.
    """
    nests = frozenset(mark for mark in marked.distinct if _nests(mark))
    opened, hidden = [""], 0
    is_start, is_end, is_raw = Kind.START, Kind.END, Kind.RAW
    for start, mark in marked:
        if mark.kind is is_start:
            if mark in nests and (mark.name != opened[-1] or mark.name not in _CLOSED_BY_THE_NEXT):
                opened.append(mark.name)
        elif mark.kind is is_end:
            if mark.name == opened[-1]:
                opened.pop()
        elif mark.kind is is_raw:
            hidden += mark.text.count("<")  # inside <svg>, a <title> holds elements
        if len(opened) + hidden > most + 1:
            return start
    return None


def _nests(mark: Mark) -> bool:
    """Return whether something may stand inside an element; in HTML a slash at the end of its tag means nothing, in MJML it closes."""
    return mark.kind is Kind.START and mark.name not in VOID_ELEMENTS and not (mark.is_closed and mark.name.startswith("mj-"))
