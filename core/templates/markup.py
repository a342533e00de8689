"""Walks through HTML or MJML text piece by piece, in linear time whatever the text is, and remembers where things stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import unescape

_TAG_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
# "<!-->" and "<!--->" are whole comments, and "--!>" ends one too (HTML standard, 13.2.5).
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_GAP = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"([^\s=>/\"'][^\s=>/]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")
# Inside these, text is not markup.
_RAW_ELEMENTS = frozenset({"title", "style", "script", "textarea", "mj-style", "mj-title", "mj-preview"})
VOID_ELEMENTS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)  # HTML standard, 13.1.2
_CLOSED_BY_THE_NEXT = frozenset({"p", "li", "option", "dt", "dd", "tr", "td", "th"})


class Kind(StrEnum):
    """What a piece is."""

    TEXT = "text"
    START = "start"
    END = "end"
    COMMENT = "comment"
    RAW = "raw"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a start tag.

    Args:
        name: In lower case.
        start: Where its value begins in the whole text; equal to `end` where it has none.
        end: Where its value ends.
        value: The value with character references resolved.
    """

    name: str
    start: int
    end: int
    value: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One stretch of the text.

    Args:
        kind: What it is; BROKEN is a `<` that begins nothing.
        start: Where it begins.
        end: Where it ends.
        name: The element's name in lower case, for tags and raw text.
        attributes: A start tag's attributes.
        is_closed: Whether a start tag ends itself (`<br/>`, `<img>`).
    """

    kind: Kind
    start: int
    end: int
    name: str = ""
    attributes: tuple[Attribute, ...] = ()
    is_closed: bool = False


def scan(text: str) -> Iterator[Piece]:
    """Yield every piece in order; together they cover the text without a gap."""
    position = 0
    while position < len(text):
        less = text.find("<", position)
        if less < 0:
            less = len(text)
        if less > position:
            yield Piece(Kind.TEXT, position, less)
        if less == len(text):
            return
        piece = _at_less(text, less)
        yield piece
        position = piece.end
        if piece.kind is Kind.START and piece.name in _RAW_ELEMENTS and not piece.is_closed:
            closing = re.compile(f"</{re.escape(piece.name)}(?=[\\s/>])", re.IGNORECASE).search(text, position)
            end = closing.start() if closing else len(text)
            if end > position:
                yield Piece(Kind.RAW, position, end, piece.name)
            position = end


def unescaped(text: str) -> str:
    """Return a text with its character references resolved; one whose number has thousands of digits leaves it as it is."""
    try:
        return unescape(text)
    except ValueError:
        return text


def deepest_nesting(text: str) -> int:
    """Return how deep an HTML parser may nest the elements of a text, at most; too much would crash parsers that recurse.

    An end tag is counted only where it closes the element opened last: a parser ignores others in ways that depend on
    the elements. So untidy HTML seems deeper than it is, and nothing is deeper than it seems.
    """
    opened: list[str] = []
    deepest = hidden = 0
    for piece in scan(text):
        if piece.kind is Kind.START and piece.name not in VOID_ELEMENTS:
            if not (opened and opened[-1] == piece.name and piece.name in _CLOSED_BY_THE_NEXT):
                opened.append(piece.name)
            deepest = max(deepest, len(opened))
        elif piece.kind is Kind.END and opened and opened[-1] == piece.name:
            opened.pop()
        elif piece.kind is Kind.RAW:
            hidden += text.count("<", piece.start, piece.end)  # inside <svg>, a <title> holds elements
    return deepest + hidden


def scan_with_conditional(text: str) -> Iterator[Piece]:
    """Yield every piece and, for Outlook's conditional comments, the tags inside them as well."""
    for piece in scan(text):
        yield piece
        if piece.kind is Kind.COMMENT and text.startswith("<!--[if", piece.start):
            opening = text.find(">", piece.start, piece.end) + 1
            yield from (_shifted(inner, opening) for inner in scan(text[opening : piece.end]) if inner.kind is Kind.START)


def _shifted(piece: Piece, by: int) -> Piece:
    attributes = tuple(Attribute(each.name, each.start + by, each.end + by, each.value) for each in piece.attributes)
    return Piece(piece.kind, piece.start + by, piece.end + by, piece.name, attributes, piece.is_closed)


def _at_less(text: str, start: int) -> Piece:
    if text.startswith("<!--", start):
        comment = _COMMENT.match(text, start)
        return Piece(Kind.COMMENT, start, comment.end() if comment else len(text))
    if text.startswith(("<!", "<?"), start):
        return Piece(Kind.COMMENT, start, _after(text, ">", start))
    match = _TAG_NAME.match(text, start)
    if match is None:
        return Piece(Kind.BROKEN, start, start + 1)
    name = match[1].lower()
    if text.startswith("</", start):
        return Piece(Kind.END, start, _after(text, ">", start), name)
    return _start_tag(text, start, match.end(), name)


def _start_tag(text: str, start: int, position: int, name: str) -> Piece:
    attributes: list[Attribute] = []
    while position < len(text):
        gap = _end_of_gap(text, position)
        if text.startswith(">", gap):
            is_closed = "/" in text[position:gap] or name in VOID_ELEMENTS
            return Piece(Kind.START, start, gap + 1, name, tuple(attributes), is_closed)
        match = _ATTRIBUTE.match(text, gap)
        if match:
            attributes.append(_attribute(match))
        position = match.end() if match else gap + 1  # a stray quote or equals sign is stepped over
    return Piece(Kind.START, start, len(text), name, tuple(attributes))


def _end_of_gap(text: str, position: int) -> int:
    match = _GAP.match(text, position)
    return match.end() if match else position


def _attribute(match: re.Match[str]) -> Attribute:
    group = match.lastindex or 1
    if group == 1:
        return Attribute(match[1].lower(), match.end(), match.end(), "")
    return Attribute(match[1].lower(), match.start(group), match.end(group), unescaped(match[group]))


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return found + len(mark) if found >= 0 else len(text)
