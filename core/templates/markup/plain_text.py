"""The plain-text part of a mail, made from its HTML: paragraphs, lists, and every link with its address behind it.

The HTML may be anybody's, of a request for a single message: whatever it is, the time this takes grows as it does, not faster.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice

from core.errors import InvalidInput
from core.templates.markup.marks import Marked
from core.templates.markup.scanning import VOID_ELEMENTS, Kind, is_few, scan, unescaped
from core.templates.markup.stretches import Stretch
from core.templates.markup.tokens import Mark, noted

_SOFT = "\v"
_PARAGRAPHS = ("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre")
_LINES = (
    *("div", "table", "tbody", "thead", "tfoot", "tr", "section", "article", "header", "footer", "main", "aside", "nav", "center"),
    *("address", "dl", "dt", "dd", "form", "li"),
)
_BREAKS = {**dict.fromkeys(_PARAGRAPHS, "\n\n"), **dict.fromkeys(_LINES, _SOFT), "br": "\n", "hr": "\n\n---\n\n"}
_AROUND = frozenset({"a", "img", "ul", "ol", "li", "table", "td", "th"})
_UNREAD = frozenset({"head", "title", "style", "script", "textarea", "select", "svg", "noscript", "template"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_CONTROLS_ONLY = re.compile(r"(?:<!--\w+-->\s*)+")
_LAYOUT = 'role="presentation"'
# Runs of white space that hold a line's end; begun only where white space begins, so that a long one is read once.
_RUN = re.compile(r"(?<![ \u00a0])[ \u00a0]*+[\n\v][ \n\v\u00a0]*+")
_RUN_OF_A_LINE = re.compile(r"[ \t\u00a0]+")
_CONTROL = re.compile(r"<!--([0-9A-Za-z]+)-->")
_BLANK = " \t\n\r\f\u200b\u200c\u200d\u034f\ufeff\u00ad"
_ALONE = "said alone"
_CLOSED = frozenset({Kind.START, Kind.END, Kind.COMMENT})
# Five times what the largest mails hold.
MOST_PIECES = 60_000


def to_plain_text(html: str, *, most_pieces: int | None = None, keeps: bool = True) -> str:
    """Return readable plain text; comments that hide Jinja control tags stay where they are.

    Args:
        html: HTML, well-formed or not.
        most_pieces: How many tags, comments and stretches of text it may hold; by default any number.
        keeps: Whether what is found out is kept, see `Marked`.

    Raises:
        InvalidInput: If it holds more, or ends inside a tag or a comment: what follows is missing from it.
    """
    if most_pieces is not None and not is_few(html, most_pieces) and next(islice(scan(html), most_pieces, None), None):
        raise InvalidInput("The HTML has too many elements.", hint="Shorten it, or send the plain text yourself, as `text`.")
    return text_of(Marked(html, keeps=keeps))


def text_of(marked: Marked, addresses: Mapping[int, str] | None = None) -> str:
    """Return readable plain text of HTML that is taken apart already.

    Args:
        marked: The HTML.
        addresses: What stands for an address, by where its value begins; others are as they are written.

    Raises:
        InvalidInput: If it ends inside a tag or a comment.
    """
    last = marked.last
    if last and last.kind in _CLOSED and not last.text.endswith(">"):
        raise InvalidInput("The HTML ends inside a tag or a comment.", hint="Send it whole.")
    writer = _Writer(addresses or {})
    for begin, stretch in marked.stretches:
        said = _said_by(stretch, begin, addresses or {}) if writer.is_outside else None
        if said is None:
            writer.write(stretch, begin)
        else:
            writer.parts.append(said)
    return _tidy("".join(writer.parts))


def _said_by(stretch: Stretch, begin: int, addresses: Mapping[int, str]) -> str | None:
    """Return what a stretch says that nothing is around; None where it leaves something open."""
    known: tuple[dict[int, str | None], str | None] | None = stretch.notes.get(_said_by)
    if known is None or any([addresses.get(begin + start) != address for start, address in known[0].items()]):
        writer = _Writer(addresses)
        writer.write(stretch, begin)
        asked = {start - begin: address for start, address in writer.asked.items()}
        known = stretch.notes[_said_by] = asked, "".join(writer.parts) if writer.is_outside else None
    return known[1]


class _Writer:
    """Writes text with two newlines around a paragraph, one for <br>, and a soft break where a line must end somewhere."""

    def __init__(self, addresses: Mapping[int, str]) -> None:
        self._addresses = addresses
        self.asked: dict[int, str | None] = {}
        self.parts: list[str] = []
        self._hidden = 0
        self._link: tuple[str, int] | None = None
        self._counters: list[int | None] = []
        self._is_layout: list[bool] = []

    @property
    def is_outside(self) -> bool:
        """Whether nothing is around what comes next that it depends on."""
        return not (self._hidden or self._link or self._counters or self._is_layout)

    def write(self, stretch: Stretch, begin: int) -> None:
        """Write what every piece of a stretch says that begins somewhere."""
        for start, mark in stretch:
            said = mark.notes.get(_ALONE, _ALONE)
            if said is _ALONE:
                said = mark.notes[_ALONE] = _said_alone(mark)
            if said is not None and not self._hidden:
                if said:
                    self.parts.append(said)
            elif mark.is_start:
                self._start(begin + start, mark)
                if mark.is_closed and mark.name not in VOID_ELEMENTS:
                    self._end(mark.name)
            elif mark.is_end:
                self._end(mark.name)

    def _start(self, start: int, mark: Mark) -> None:
        name = mark.name
        if self._hidden or _is_unread(mark):
            self._hidden += name not in VOID_ELEMENTS
            return
        self.parts.append(_BREAKS.get(name, ""))
        if name == "a":
            self._end_link()  # one link can't stand in another
            self._link = (self._address(start, mark).strip(), len(self.parts))
        elif name == "img":
            self.parts.append(_value(mark, "alt"))
        elif name in {"ul", "ol"}:
            self._counters.append(1 if name == "ol" else None)
        elif name == "li":
            self.parts.append(self._bullet())
        elif name == "table":
            self._is_layout.append(_LAYOUT in mark.text or _value(mark, "role") == "presentation")
        elif name in {"td", "th"}:
            self.parts.append("\n\n" if self._is_layout and self._is_layout[-1] else "\t")

    def _address(self, start: int, mark: Mark) -> str:
        found = [each for each in mark.attributes if each.name == "href"]
        if not found:
            return ""
        begin = start + found[-1].start
        stand_in = self.asked[begin] = self._addresses.get(begin)
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
        self.parts.append(_BREAKS.get(tag, ""))

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


def _said_alone(mark: Mark) -> str | None:
    """Return what a piece says where it is read; None if that depends on what is around it, or what is around it on that."""
    if mark.kind is Kind.COMMENT:
        return mark.text if _CONTROL.fullmatch(mark.text) else ""
    if mark.kind not in (Kind.START, Kind.END):
        return _SPACE.sub(" ", unescaped(mark.text))
    ends_itself = mark.is_closed and mark.name not in VOID_ELEMENTS
    if mark.name in _AROUND or ends_itself or (mark.kind is Kind.START and _is_unread(mark)):
        return None
    return _BREAKS.get(mark.name, "")


@noted
def _is_unread(mark: Mark) -> bool:
    """Return whether nobody reads what is in an element: it is none of the text, or it is hidden."""
    if mark.name in _UNREAD:
        return True
    written = mark.text.lower()
    if not ("none" in written or "hidden" in written or "mso-hide" in written or "&" in written):
        return False  # whatever its attributes are; most end here
    return any(each.name == "hidden" for each in mark.attributes) or bool(_HIDDEN_STYLE.search(_value(mark, "style")))


def _value(mark: Mark, name: str) -> str:
    return next((each.value for each in reversed(mark.attributes) if each.name == name), "")


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
