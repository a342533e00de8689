"""Takes apart what tools write, in which the same few tags stand again and again: what one says is found out once for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, Protocol, TypeVar

from core.templates.markup.scanning import RAW_ELEMENTS, Attribute, Kind, Piece, scan, shifted, simple_start_tag
from core.templates.markup.skeletons import bone_of

_ATTRIBUTES = r"""(?:\s++[^\s=>/"']++(?:="[^"]*+")?+)*+\s*+"""
_RAW = "|".join(rf"(?ai:{name}){_ATTRIBUTES}>(?s:.*?)(?=(?i:</{name})[\s/>]|\Z)" for name in sorted(RAW_ELEMENTS))
_ALONE = rf"""<[a-zA-Z][a-zA-Z0-9:_-]*+{_ATTRIBUTES}/?>
    |(?:</[a-zA-Z][^\s/>]*+>)++
    |<!--(?s:-?>|.*?--!?>)
    |<(?:!(?!--)|\?)[^>]*+>"""
# What `scan` reads in the same way whatever stands around it. Where something is odd, all that follows is one token: so this never
# tries the same stretch of text twice.
_TOKEN = re.compile(rf"<(?=[tTsSmM])(?:{_RAW})|{_ALONE}|[^<]++|(?s:<.*+)", re.VERBOSE)
_COMPLETE = re.compile(rf"(?!<(?i:{'|'.join(sorted(RAW_ELEMENTS))}))(?:{_ALONE})", re.VERBOSE)
_LONGEST_KEPT, _MOST_KEPT = 500, 100  # letters; signs between attributes

_T = TypeVar("_T")


class Noting(Protocol):
    """What stays as it is, and keeps what was found out about it."""

    notes: dict[object, Any]


_Noting = TypeVar("_Noting", bound=Noting)


class Mark:
    """What a piece is, wherever it stands: pieces that read the same share one.

    Args:
        piece: The piece, as if it stood at the beginning.
        text: What it reads.
    """

    __slots__ = ("bone", "is_closed", "is_end", "is_start", "kind", "name", "notes", "piece", "text")

    def __init__(self, piece: Piece, text: str) -> None:
        self.piece, self.text = piece, text
        self.kind, self.name, self.is_closed = piece.kind, piece.name, piece.is_closed
        self.is_start, self.is_end = piece.kind is Kind.START, piece.kind is Kind.END
        self.bone = bone_of(piece)
        self.notes: dict[object, Any] = {}

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """A start tag's attributes; where they stand is counted from its beginning."""
        return self.piece.attributes


def noted(work: Callable[[_Noting], _T]) -> Callable[[_Noting], _T]:
    """Return what works something out of a mark or a stretch of them, once for each: it is noted there."""

    @wraps(work)
    def found(about: _Noting) -> _T:
        notes = about.notes
        if work not in notes:
            notes[work] = work(about)
        answer: _T = notes[work]
        return answer

    return found


def tokens_of(text: str) -> list[str]:
    """Return a text as tokens, which together are the text."""
    return _TOKEN.findall(text)


def is_complete(token: str) -> bool:
    """Return whether a token ends where it does whatever follows, if that begins with `<` and is no end tag."""
    return not token.startswith("<") or _COMPLETE.fullmatch(token) is not None


def marks_of(token: str) -> tuple[Mark, ...]:
    """Return the marks of a token; mostly it is one."""
    return _kept(token) if _is_small(token) else _marks_of(token)


def _is_small(token: str) -> bool:
    """Return whether a token is kept: what somebody makes up to fill the memory is not."""
    return len(token) <= _LONGEST_KEPT and token.count(" ") + token.count("/") + token.count('"') <= _MOST_KEPT and token.isprintable()


@lru_cache(maxsize=2_048)
def _kept(token: str) -> tuple[Mark, ...]:
    """Return the marks of a token, the same as before: who edits a template compiles nearly all of it as it was."""
    return _marks_of(token)


def _marks_of(token: str) -> tuple[Mark, ...]:
    if not token.startswith("<"):
        return (Mark(Piece(Kind.TEXT, 0, len(token)), token),)
    tag = simple_start_tag(token)
    if tag is not None:
        return (Mark(tag, token),)
    pieces = list(scan(token))
    if len(pieces) == 1:
        return (Mark(pieces[0], token),)
    return tuple(Mark(shifted(piece, -piece.start), token[piece.start : piece.end]) for piece in pieces)
