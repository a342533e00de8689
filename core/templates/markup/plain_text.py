"""The plain-text part of a mail, made from its HTML: paragraphs, lists, and every link with its address behind it.

The HTML may be anybody's, of a request for a single message: whatever it is, the time this takes grows as it does, not faster.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from core.errors import InvalidInput
from core.templates.markup.scanning import VOID_ELEMENTS, Kind, Piece, scan, unescaped

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_LINES = frozenset(
    {
        *("div", "table", "tbody", "thead", "tfoot", "tr", "section", "article", "header", "footer", "main", "aside", "nav", "center"),
        *("address", "dl", "dt", "dd", "form", "li"),
    }
)
_UNREAD = frozenset({"head", "title", "style", "script", "textarea", "select", "svg", "noscript", "template"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_CONTROLS_ONLY = re.compile(r"(?:<!--\w+-->\s*)+")
_LAYOUT = 'role="presentation"'
_SOFT = "\v"
# Runs of white space that hold a line's end; begun only where white space begins, so that a long one is read once.
_RUN = re.compile(r"(?<![ \u00a0])[ \u00a0]*+[\n\v][ \n\v\u00a0]*+")
_RUN_OF_A_LINE = re.compile(r"[ \t\u00a0]+")
_CONTROL = re.compile(r"<!--([0-9A-Za-z]+)-->")
_BLANK = " \t\n\r\f\u200b\u200c\u200d\u034f\ufeff\u00ad"
_CLOSED = frozenset({Kind.START, Kind.END, Kind.COMMENT})
# Five times what the largest mails hold.
MOST_PIECES = 60_000


def to_plain_text(html: str, *, most_pieces: int | None = None) -> str:
    """Return readable plain text; comments that hide Jinja control tags stay where they are.

    Args:
        html: HTML, well-formed or not.
        most_pieces: How many tags, comments and stretches of text it may hold; by default any number.

    Raises:
        InvalidInput: If it holds more, or ends inside a tag or a comment: what follows is missing from it.
    """
    return text_of_pieces(html, _counted(scan(html), most_pieces))


def text_of_pieces(html: str, pieces: Iterable[Piece], addresses: Mapping[int, str] | None = None) -> str:
    """Return readable plain text of HTML that is taken apart already.

    Args:
        html: The HTML.
        pieces: What it was taken apart into.
        addresses: What stands for an address, by where its value begins; others are as they are written.

    Raises:
        InvalidInput: If it ends inside a tag or a comment.
    """
    writer = _Writer(html, addresses or {})
    for piece in pieces:
        if piece.kind in _CLOSED and html[piece.end - 1] != ">":
            raise InvalidInput("The HTML ends inside a tag or a comment.", hint="Send it whole.")
        writer.take(piece)
    return _tidy("".join(writer.parts))


def _counted(pieces: Iterable[Piece], most: int | None) -> Iterator[Piece]:
    for count, piece in enumerate(pieces):
        if count == most:
            raise InvalidInput("The HTML has too many elements.", hint="Shorten it, or send the plain text yourself, as `text`.")
        yield piece


class _Writer:
    """Writes text with two newlines around a paragraph, one for <br>, and a soft break where a line must end somewhere."""

    def __init__(self, html: str, addresses: Mapping[int, str]) -> None:
        self._html, self._addresses = html, addresses
        self.parts: list[str] = []
        self._hidden = 0
        self._link: tuple[str, int] | None = None
        self._counters: list[int | None] = []
        self._is_layout: list[bool] = []

    def take(self, piece: Piece) -> None:
        """Write what a piece says."""
        if piece.kind is Kind.START:
            self._start(piece.name, piece)
            if piece.is_closed and piece.name not in VOID_ELEMENTS:
                self._end(piece.name)
        elif piece.kind is Kind.END:
            self._end(piece.name)
        elif self._hidden:
            return
        elif piece.kind is Kind.COMMENT:
            if control := _CONTROL.fullmatch(self._html, piece.start, piece.end):
                self.parts.append(control[0])
        else:
            self.parts.append(_SPACE.sub(" ", unescaped(self._html[piece.start : piece.end])))

    def _start(self, tag: str, piece: Piece) -> None:
        if self._hidden or tag in _UNREAD or self._is_hidden(piece):
            self._hidden += tag not in VOID_ELEMENTS
            return
        self._break(tag)
        if tag == "a":
            self._end_link()  # one link can't stand in another
            self._link = (self._address(piece).strip(), len(self.parts))
        elif tag == "img":
            self.parts.append(_value(piece, "alt"))
        elif tag in {"ul", "ol"}:
            self._counters.append(1 if tag == "ol" else None)
        elif tag == "li":
            self.parts.append(self._bullet())
        elif tag == "table":
            self._is_layout.append(_LAYOUT in self._html[piece.start : piece.end] or _value(piece, "role") == "presentation")
        elif tag in {"td", "th"}:
            self.parts.append("\n\n" if self._is_layout and self._is_layout[-1] else "\t")

    def _is_hidden(self, piece: Piece) -> bool:
        written = self._html[piece.start : piece.end].lower()
        if not ("none" in written or "hidden" in written or "mso-hide" in written or "&" in written):
            return False  # whatever its attributes are; most end here
        return any(each.name == "hidden" for each in piece.attributes) or bool(_HIDDEN_STYLE.search(_value(piece, "style")))

    def _address(self, piece: Piece) -> str:
        found = [each for each in piece.attributes if each.name == "href"]
        if not found:
            return ""
        stand_in = self._addresses.get(found[-1].start)
        return found[-1].value if stand_in is None else unescaped(stand_in)

    def _end(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= tag not in VOID_ELEMENTS
            return
        if tag == "a":
            self._end_link()
        elif tag in {"ul", "ol"} and self._counters:
            self._counters.pop()
        elif tag == "table" and self._is_layout:
            self._is_layout.pop()
        self._break(tag)

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _LINES:
            self.parts.append(_SOFT)
        elif tag == "hr":
            self.parts.append("\n\n---\n\n")

    def _bullet(self) -> str:
        number = self._counters[-1] if self._counters else None
        if number is None:
            return "- "
        self._counters[-1] = number + 1
        return f"{number}. "

    def _end_link(self) -> None:
        if self._link is None:
            return
        (address, begin), self._link = self._link, None
        label = "".join(self.parts[begin:]).strip(_BLANK)
        address = address.removeprefix("mailto:").removeprefix("tel:")
        if not address or address.startswith("#") or label == address:
            return
        del self.parts[begin:]
        says_address = not label or label.startswith(("http://", "https://", "www."))
        self.parts.append(address if says_address else f"{label} <{address}>")


def _value(piece: Piece, name: str) -> str:
    return next((each.value for each in reversed(piece.attributes) if each.name == name), "")


def _tidy(text: str) -> str:
    lines: list[list[str]] = []
    for line in _RUN.sub(_broken, text).split("\n"):
        line = line.strip(_BLANK)
        if "\t" in line:
            line = _RUN_OF_A_LINE.sub(lambda run: "  " if "\t" in run[0] else run[0], line).strip(_BLANK)
        if _CONTROLS_ONLY.fullmatch(line):
            # A line that only controls what follows would leave an empty line in the mail: it joins the line before.
            while lines and not lines[-1]:
                lines.pop()
            lines = lines or [[]]
            lines[-1].append(re.sub(r"\s", "", line))
        elif line or (lines and lines[-1]):
            lines.append([line] if line else [])
    return "\n".join(map("".join, lines)).strip() + "\n"


def _broken(run: re.Match[str]) -> str:
    """Return what a run of white space with the end of a line in it becomes: an empty line, or the end of a line."""
    return "\n\n" if run[0].count("\n") > 1 else "\n"
