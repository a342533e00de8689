"""The plain-text part of a mail, made from its HTML: paragraphs, lists, and every link with its address behind it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from core.templates.markup import VOID_ELEMENTS

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre"})
_LINES = frozenset(
    {
        *("div", "table", "tbody", "thead", "tfoot", "tr", "section", "article", "header", "footer", "main", "aside", "nav", "center"),
        *("address", "dl", "dt", "dd", "form", "li"),
    }
)
_UNREAD = frozenset({"head", "title", "style", "script", "textarea", "select", "svg", "noscript", "template"})
_HIDDEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE)
_SOFT = "\v"
_BREAKS = re.compile(r"[ \n\v\u00a0]*[\n\v][ \n\v\u00a0]*")
_BLANK = " \t\n\r\f\u200b\u200c\u200d\u034f\ufeff\u00ad"


def to_plain_text(html: str) -> str:
    """Return readable plain text; comments that hide Jinja control tags stay where they are.

    Args:
        html: Well-formed HTML, as the compiler writes it.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return _tidy("".join(writer.parts))


class _Writer(HTMLParser):
    """Writes text with two newlines around a paragraph, one for <br>, and a soft break where a line must end somewhere."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._links: list[tuple[str, int]] = []
        self._counters: list[int | None] = []
        self._is_layout: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self._hidden or tag in _UNREAD or "hidden" in values or _HIDDEN_STYLE.search(values.get("style", "")):
            self._hidden += tag not in VOID_ELEMENTS
            return
        self._break(tag)
        if tag == "a":
            self._links.append((values.get("href", "").strip(), len(self.parts)))
        elif tag == "img":
            self.parts.append(values.get("alt", ""))
        elif tag in {"ul", "ol"}:
            self._counters.append(1 if tag == "ol" else None)
        elif tag == "li":
            self.parts.append(self._bullet())
        elif tag == "table":
            self._is_layout.append(values.get("role") == "presentation")
        elif tag in {"td", "th"}:
            self.parts.append("\n\n" if self._is_layout and self._is_layout[-1] else "\t")

    def handle_endtag(self, tag: str) -> None:
        if self._hidden:
            self._hidden -= tag not in VOID_ELEMENTS
            return
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        elif tag in {"ul", "ol"} and self._counters:
            self._counters.pop()
        elif tag == "table" and self._is_layout:
            self._is_layout.pop()
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(re.sub(r"[ \t\n\r\f\v]+", " ", data))

    def handle_comment(self, data: str) -> None:
        if not self._hidden and data.isalnum():
            self.parts.append(f"<!--{data}-->")

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

    def _end_link(self, address: str, begin: int) -> None:
        label = "".join(self.parts[begin:]).strip(_BLANK)
        address = address.removeprefix("mailto:").removeprefix("tel:")
        if not address or address.startswith("#") or label == address:
            return
        del self.parts[begin:]
        says_address = not label or label.startswith(("http://", "https://", "www."))
        self.parts.append(address if says_address else f"{label} <{address}>")


def _tidy(text: str) -> str:
    lines: list[str] = []
    for line in _BREAKS.sub(lambda run: "\n\n" if run[0].count("\n") > 1 else "\n", text).split("\n"):
        line = re.sub(r"[ \u00a0]*\t[ \t\u00a0]*", "  ", line.strip(_BLANK)).strip(_BLANK)
        if re.fullmatch(r"(?:<!--\w+-->\s*)+", line):
            # A line that only controls what follows would leave an empty line in the mail: it joins the line before.
            while lines and not lines[-1]:
                lines.pop()
            lines[-1:] = [(lines[-1] if lines else "") + re.sub(r"\s", "", line)]
        elif line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines).strip() + "\n"
