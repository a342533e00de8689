"""The preview text in an email's HTML: the hidden words it begins with, which inboxes show beside the subject."""

from __future__ import annotations

import re
from collections.abc import Iterator

from jinja2 import TemplateSyntaxError

from core.templates.jinja import sandbox
from core.templates.markup.scanning import VOID_ELEMENTS, Kind, Piece, scan

PREVIEW = "{{ pw_preview }}"
_HIDDEN = (
    '<div style="display:none;font-size:1px;line-height:1px;max-height:0;max-width:0;opacity:0;overflow:hidden;mso-hide:all">'
    f"{PREVIEW}</div>"
)
_HIDES = re.compile(
    r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|(?:max-height|opacity)\s*:\s*0(?:px|pt|em|%)?)"
    r"\s*(?:!important\s*)?(?:;|$)",
    re.IGNORECASE,
)
# What must never go with words that are replaced.
_NEEDED = re.compile(r"pw_links|pw_pixel|unsubscribe_url|preferences_url|view_url|<img\b", re.IGNORECASE)


def with_preview(html: str) -> str:
    """Return an email that says `pw_preview` as its preview text: in the place of its own, else before everything in its body.

    Args:
        html: A compiled HTML part.
    """
    pieces = scan(html)
    body = next((piece for piece in pieces if piece.kind is Kind.START and piece.name == "body"), None)
    if body is None:
        return _HIDDEN + html
    found = _own(html, pieces)
    if found is None:
        return f"{html[: body.end]}{_HIDDEN}{html[body.end :]}"
    start, end = found
    return f"{html[:start]}{PREVIEW}{html[end:]}"


def _own(html: str, pieces: Iterator[Piece]) -> tuple[int, int] | None:
    """Return where the words of the hidden element stand that a body begins with; None where it begins with anything else."""
    first = next((piece for piece in pieces if not _is_nothing(html, piece)), None)
    if first is None or first.kind is not Kind.START or first.is_closed or not _is_hidden(first):
        return None
    depth = 1
    for piece in pieces:
        if piece.name == first.name and piece.kind is Kind.START and not piece.is_closed:
            depth += 1
        elif piece.name == first.name and piece.kind is Kind.END:
            depth -= 1
            if not depth:
                return (first.end, piece.start) if _may_go(html[first.end : piece.start]) else None
    return None


def _is_nothing(html: str, piece: Piece) -> bool:
    return piece.kind is Kind.COMMENT or (piece.kind is Kind.TEXT and not html[piece.start : piece.end].strip())


def _is_hidden(piece: Piece) -> bool:
    return piece.name not in VOID_ELEMENTS and any(
        one.name == "hidden" or (one.name == "style" and _HIDES.search(one.value)) for one in piece.attributes
    )


def _may_go(words: str) -> bool:
    """Return whether words can be replaced: no link is among them, and no condition begins or ends there."""
    if _NEEDED.search(words):
        return False
    try:
        sandbox.HTML.parse(words)
    except TemplateSyntaxError:
        return False
    return True
