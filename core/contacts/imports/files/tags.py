"""The XML of workbooks as far as it can be told apart by expressions: only tags that every reader takes for the same tags."""

from __future__ import annotations

import re
from collections.abc import Iterator

_NAME = rb"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?"
_VALUE = rb"""(?:"[^"<]*"|'[^'<]*')"""
_SPACE = rb"[ \t\r\n]"
_TAG = rb"/?" + _NAME + rb"(?:" + _SPACE + rb"+" + _NAME + _SPACE + rb"*=" + _SPACE + rb"*" + _VALUE + rb")*" + _SPACE + rb"*/?>"
# A tag, a comment without one in it, or the file's first line.
_ORDINARY = re.compile(rb"<(?:" + _TAG + rb"|!--[^<>]*-->|\?xml[^<>?]*\?>)")
# What may stand before a name; the reader goes by what comes after it.
PREFIX = rb"(?:[\w.-]+:)?"


_AT_ONCE = 4 << 20


def are_plain(text: bytes) -> bool:
    """Return whether whatever begins with “<” in here is a whole tag, and whether nothing is hidden by zero bytes."""
    return b"\0" not in text and sum(map(_tags_in, _pieces(text))) == text.count(b"<")


def _tags_in(piece: tuple[bytes, int, int]) -> int:
    return len(_ORDINARY.findall(*piece))


def _pieces(text: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield where some megabytes begin and end, each at the beginning of a tag: a list of all tags would be far larger than the text."""
    start = 0
    while start < len(text):
        end = text.find(b"<", start + _AT_ONCE)
        yield text, start, end if end > 0 else len(text)
        start = end if end > 0 else len(text)
