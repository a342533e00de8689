"""The XML of workbooks as far as it can be told apart by expressions: only tags that every reader takes for the same tags."""

from __future__ import annotations

import re

_NAME = rb"[A-Za-z_][\w.-]*(?::[A-Za-z_][\w.-]*)?"
_VALUE = rb"""(?:"[^"<]*"|'[^'<]*')"""
_SPACE = rb"[ \t\r\n]"
_TAG = rb"/?" + _NAME + rb"(?:" + _SPACE + rb"+" + _NAME + _SPACE + rb"*=" + _SPACE + rb"*" + _VALUE + rb")*" + _SPACE + rb"*/?>"
# A tag, a comment without one in it, or the file's first line.
_ORDINARY = re.compile(rb"<(?:" + _TAG + rb"|!--[^<>]*-->|\?xml[^<>?]*\?>)")
# What may stand before a name; the reader goes by what comes after it.
PREFIX = rb"(?:[\w.-]+:)?"


def are_plain(text: bytes) -> bool:
    """Return whether whatever begins with “<” in here is a whole tag, and whether nothing is hidden by zero bytes."""
    return b"\0" not in text and len(_ORDINARY.findall(text)) == text.count(b"<")
