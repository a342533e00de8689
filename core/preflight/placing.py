"""Where the pieces of an email are: in the lines of its source, or in which block of its document."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from core.templates.blocks.writing import MARK
from core.templates.markup.scanning import Kind, Piece, unescaped

_MARK = re.compile(rf"(?:^|\s){MARK}([a-z0-9]{{4,20}})(?!\S)")
_ADDRESSED = {"a": "href", "area": "href", "img": "src"}

Value = Callable[[Piece, str], str | None]


class Anchor(NamedTuple):
    """A piece that is the same in an email whether its parts are marked or not: a link, an image, a text.

    Args:
        start: Where it begins in the HTML.
        end: Where it ends.
        says: What it is known by: its address, or its words.
        part: The block or section it is in; "" where nothing is marked.
    """

    start: int
    end: int
    says: tuple[str, str]
    part: str


def anchors(pieces: Iterable[Piece], text: str, value: Value, filled: Callable[[str], str]) -> Iterator[Anchor]:
    """Yield the anchors of HTML.

    Args:
        pieces: The HTML in pieces.
        text: The HTML.
        value: Returns an attribute of a piece as its reader gets it.
        filled: Returns a text as its reader gets it.
    """
    part = ""
    for piece in pieces:
        if piece.kind is Kind.START:
            if MARK in text[piece.start : piece.end] and (found := _MARK.search(value(piece, "class") or "")):
                part = found[1]
            if piece.name in _ADDRESSED:
                says = (value(piece, _ADDRESSED[piece.name]) or "").strip()
                yield Anchor(piece.start, piece.end, (piece.name, says), part)
        elif piece.kind is Kind.TEXT and (words := unescaped(filled(text[piece.start : piece.end])).strip()):
            yield Anchor(piece.start, piece.end, ("", words), part)


class Parts:
    """Which block or section of a document a place of its HTML belongs to.

    What is sent carries no ids. So the same email is laid beside it with its parts marked, and where one says something else than
    the other, nothing is said about places.

    Args:
        sent: The anchors of what is sent.
        marked: Those of the same email with its parts marked.
        columns: To which section each column belongs.
    """

    def __init__(self, sent: Sequence[Anchor], marked: Sequence[Anchor], columns: Mapping[str, str]) -> None:
        same = [one.says for one in sent] == [one.says for one in marked]
        self._sent = sent if same else ()
        self._starts = [one.start for one in self._sent]
        self._parts = [columns.get(one.part, one.part) for one in marked]

    def at(self, position: int) -> str:
        """Return the id of the part a position of the HTML belongs to: of the anchor it is in, else of the next; "" for none."""
        if not self._sent:
            return ""
        number = bisect_right(self._starts, position) - 1
        if number < 0 or position >= self._sent[number].end:
            number = min(number + 1, len(self._sent) - 1)
        return self._parts[number]


def line_of(source: str, wanted: Iterable[str], number: int = 0, of: int = 1) -> int | None:
    """Return the line of a source, from 1, in which the first of some texts stands that is there; None if none is.

    Args:
        source: What its author wrote.
        wanted: The texts.
        number: Which of the places it stands in is meant, from 0, where it is as often in the source as in what was made of it.
        of: How often it is in what was made of it.
    """
    for text in filter(None, wanted):
        for spelling in dict.fromkeys((text, escape(text), escape(text, quote=False))):
            at = source.find(spelling)
            if at < 0:
                continue
            if number and source.count(spelling) == of:
                for _ in range(number):
                    at = source.find(spelling, at + len(spelling))
            return 1 + source.count("\n", 0, at)
    return None
