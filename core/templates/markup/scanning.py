"""Walks through HTML or MJML text piece by piece, in linear time whatever the text is, and remembers where things stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from html import unescape
from typing import NamedTuple

_TAG_NAME = re.compile(r"</?([a-zA-Z][^\s/>]*)")
# "<!-->" and "<!--->" are whole comments, and "--!>" ends one too (HTML standard, 13.2.5).
_COMMENT = re.compile(r"<!--(?:-?>|.*?--!?>)", re.DOTALL)
_GAP = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"([^\s=>/\"'][^\s=>/]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>\"'][^\s>]*)))?")
# A tag as tools write it, and most people: it ends where its first match does, and its attributes can wait until somebody asks.
_SIMPLE_TAG = re.compile(r"<(?:([a-zA-Z][a-zA-Z0-9:_-]*+)(?:\s++[^\s=>/\"']++(?:=\"[^\"]*+\")?+)*+\s*+(/?)>|/([a-zA-Z][^\s/>]*+)>)")
# Inside these, text is not markup.
RAW_ELEMENTS = frozenset({"title", "style", "script", "textarea", "mj-style", "mj-title", "mj-preview"})
VOID_ELEMENTS = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
)  # HTML standard, 13.1.2


class Kind(StrEnum):
    """What a piece is."""

    TEXT = "text"
    START = "start"
    END = "end"
    COMMENT = "comment"
    RAW = "raw"
    BROKEN = "broken"


class Attribute(NamedTuple):
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


class Piece:
    """One stretch of the text.

    Args:
        kind: What it is; BROKEN is a `<` that begins nothing.
        start: Where it begins.
        end: Where it ends.
        name: The element's name in lower case, for tags and raw text.
        attributes: A start tag's attributes; or the text, where they are read from it by whoever asks.
        is_closed: Whether a start tag ends itself (`<br/>`, `<img>`).
    """

    __slots__ = ("_attributes", "end", "is_closed", "kind", "name", "start")

    def __init__(
        self, kind: Kind, start: int, end: int, name: str = "", attributes: tuple[Attribute, ...] | str = (), is_closed: bool = False
    ) -> None:
        self.kind = kind
        self.start = start
        self.end = end
        self.name = name
        self.is_closed = is_closed
        self._attributes = attributes

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """A start tag's attributes."""
        if isinstance(self._attributes, str):
            found = _ATTRIBUTE.finditer(self._attributes, self.start + 1 + len(self.name), self.end - 1)
            self._attributes = tuple(map(_attribute, found))
        return self._attributes


def scan(text: str) -> Iterator[Piece]:
    """Yield every piece in order; together they cover the text without a gap."""
    position, size = 0, len(text)
    is_text, is_start, is_end = Kind.TEXT, Kind.START, Kind.END
    find, simple = text.find, _SIMPLE_TAG.match
    while position < size:
        begin = position
        tag = simple(text, begin)
        if tag is not None:
            name, slash, closed = tag.groups()
            position = tag.end()
            if closed:
                yield Piece(is_end, begin, position, closed.lower())
                continue
            name = name.lower()
            piece = Piece(is_start, begin, position, name, text, slash == "/" or name in VOID_ELEMENTS)
        elif (less := find("<", begin)) != begin:
            position = less if less > 0 else size
            yield Piece(is_text, begin, position)
            continue
        else:
            piece = _at_less(text, begin)
            position = piece.end
        yield piece
        if piece.name in RAW_ELEMENTS and piece.kind is is_start and not piece.is_closed:
            end = _end_of_raw(text, position, piece.name)
            if end > position:
                yield Piece(Kind.RAW, position, end, piece.name)
            position = end


def simple_start_tag(text: str) -> Piece | None:
    """Return a text as what `scan` yields if it is one start tag as tools write it; None if it is anything else, or begins raw text."""
    tag = _SIMPLE_TAG.fullmatch(text)
    if tag is None or tag[3]:
        return None
    name = tag[1].lower()
    return None if name in RAW_ELEMENTS else Piece(Kind.START, 0, len(text), name, text, tag[2] == "/" or name in VOID_ELEMENTS)


def _end_of_raw(text: str, start: int, name: str) -> int:
    closing = re.compile(f"</{re.escape(name)}(?=[\\s/>])", re.IGNORECASE).search(text, start)
    return closing.start() if closing else len(text)


def is_few(text: str, most: int) -> bool:
    """Return whether a text surely has no more pieces than so many; finds out without taking it apart."""
    return 2 * text.count("<") < most


def unescaped(text: str) -> str:
    """Return a text with its character references resolved; one whose number has thousands of digits leaves it as it is."""
    try:
        return unescape(text)
    except ValueError:
        return text


def tags_of_comment(comment: str) -> Iterator[tuple[int, Piece]]:
    """Yield the start tags inside one of Outlook's conditional comments, and from where on their places count; others have none."""
    if comment.startswith("<!--[if"):
        opening = comment.find(">") + 1
        yield from ((opening, inner) for inner in scan(comment[opening:]) if inner.kind is Kind.START)


def shifted(piece: Piece, by: int) -> Piece:
    """Return a piece as it is so many letters further on."""
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
    value, (start, end) = match[group], match.span(group)
    return Attribute(match[1].lower(), start, end, unescaped(value) if "&" in value else value)


def _after(text: str, mark: str, start: int) -> int:
    found = text.find(mark, start)
    return found + len(mark) if found >= 0 else len(text)
