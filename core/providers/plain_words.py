"""What others say, as words that can be kept and shown: no text a server sends may do more than be read."""

from __future__ import annotations

import re

# C0 and C1 controls, among them NUL, which PostgreSQL takes in no text, and what begins a terminal's commands; the line
# separators and the marks that turn a line's direction; halves of characters.
_NOT_WORDS = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def plain(text: str) -> str:
    """Return a text with a blank in place of every control character."""
    return text if text.isascii() and text.isprintable() else _NOT_WORDS.sub(" ", text)
