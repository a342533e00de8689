"""How elements are inside each other, whatever they say: found out once for all that are built alike, as most sections are."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from core.templates.markup.scanning import VOID_ELEMENTS, Kind, Piece

# Where an element of the same name follows inside one of these, an HTML parser closes it.
CLOSED_BY_THE_NEXT = frozenset({"p", "li", "option", "dt", "dd", "tr", "td", "th"})
# How a bone begins that is opened, opened by an HTML parser though it says that it is closed, closed in itself, ended; not read; broken.
_OPENED, _DOUBTFUL, _ALONE, _ENDED, _RAW, _BROKEN = "<", "~", "=", ">", "!", "?"
_START, _END, _SAY_NOTHING = Kind.START, Kind.END, frozenset({Kind.TEXT, Kind.COMMENT})
_LONGEST_KEPT = 5_000


class Shape(NamedTuple):
    """How the elements of some pieces are inside each other.

    Args:
        elements: How many begin.
        deepest: How many are inside each other; None where it closes what is around it, leaves something open, or parsers may differ.
        names: The names of those that begin.
        has_raw: Whether there is something that is not read as markup.
        has_broken: Whether there is a `<` that begins nothing.
    """

    elements: int
    deepest: int | None
    names: frozenset[str]
    has_raw: bool
    has_broken: bool


def nests(piece: Piece) -> bool:
    """Return whether something may stand inside an element; in HTML a slash at the end of its tag means nothing, in MJML it closes."""
    return not piece.is_closed or (piece.name not in VOID_ELEMENTS and not piece.name.startswith("mj-"))


def bone_of(piece: Piece) -> str:
    """Return what a piece adds to the skeleton of what it is in; empty for words and comments."""
    kind = piece.kind
    if kind is _START:
        return (_OPENED if not piece.is_closed else _DOUBTFUL if nests(piece) else _ALONE) + piece.name
    if kind is _END:
        return _ENDED + piece.name
    return "" if kind in _SAY_NOTHING else _RAW if kind is Kind.RAW else _BROKEN


def shape_of(skeleton: str) -> Shape:
    """Return the shape of a skeleton: bones with a space between each two."""
    return _kept(skeleton) if len(skeleton) <= _LONGEST_KEPT else _shape_of(skeleton)


@lru_cache(maxsize=512)
def _kept(skeleton: str) -> Shape:
    return _shape_of(skeleton)


def _shape_of(skeleton: str) -> Shape:
    bones = skeleton.split(" ")
    names = [bone[1:] for bone in bones if bone and bone[0] in (_OPENED, _DOUBTFUL, _ALONE)]
    return Shape(len(names), _deepest(bones), frozenset(names), _RAW in bones, _BROKEN in bones)


def _deepest(bones: list[str]) -> int | None:
    opened: list[str] = []
    deepest = 0
    for bone in bones:
        sign, name = bone[:1], bone[1:]
        if sign == _OPENED:
            if name in CLOSED_BY_THE_NEXT and (not opened or opened[-1] == name):
                return None
            opened.append(name)
            deepest = max(deepest, len(opened))
        elif sign == _DOUBTFUL or (sign == _ENDED and (not opened or opened.pop() != name)):
            return None
    return None if opened else deepest
