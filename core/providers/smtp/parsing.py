"""Taking mail apart that anybody may have written, at little cost however it is made.

The standard library's parser looks at every line once for each part that is open, and at the parameters of a header once for
each of them: a few hundred kilobytes, made for that, would take it minutes. So the lines, the headers, their length, their
parameters and the parts are all bounded before they are looked at. Of real mail that cuts off nothing but what nobody reads.
"""

from __future__ import annotations

from email._policybase import Compat32
from email.message import Message
from email.parser import BytesParser
from typing import Any

# A bounce says what happened at its beginning, and the headers of what it returns follow. The rest is never needed.
LONGEST_MAIL = 256 * 1024
LONGEST_HEADER = 4_000
_MOST_LINES = 10_000
_MOST_BOUNDARIES = 400  # lines that may begin a part
_MOST_HEADERS, _MOST_PARAMETERS = 200, 20
_MOST_TYPES = 40  # parts that are of another type than plain text


def parsed(data: bytes, *, most_lines: int = _MOST_LINES, headers_only: bool = False) -> Message:
    """Return a mail, or its beginning, taken apart.

    Args:
        data: Its bytes.
        most_lines: How many of its lines are looked at.
        headers_only: Whether what follows the headers is left as it is.
    """
    return BytesParser(_Parts().new, policy=_POLICY).parsebytes(_beginning(data, most_lines), headersonly=headers_only)


def _beginning(data: bytes, most_lines: int) -> bytes:
    data = data[:LONGEST_MAIL].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data, position = b"\n".join(data.split(b"\n", most_lines)[:most_lines]), -1
    for _ in range(_MOST_BOUNDARIES):
        position = data.find(b"\n--", position + 1)
        if position < 0:
            return data
    return data[:position]


class _Bounding(Compat32):
    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        """Return a header's name and its value, or that value's beginning."""
        name, _, value = "".join(sourcelines[:_MOST_HEADERS])[:LONGEST_HEADER].partition(":")
        if name.lower().startswith("content-"):
            value = ";".join(value.split(";", _MOST_PARAMETERS)[:_MOST_PARAMETERS])
        return name, value.lstrip(" \t").rstrip("\r\n")


_POLICY = _Bounding()


class _Parts:
    """Makes the messages of one mail, and counts what makes them costly."""

    def __init__(self) -> None:
        self.types = 0

    def new(self, policy: Any = None) -> Message:
        return _Bounded(self, policy or _POLICY)


class _Bounded(Message):
    def __init__(self, parts: _Parts, policy: Any) -> None:
        super().__init__(policy)
        self._parts = parts

    def set_raw(self, name: str, value: str) -> None:
        """Take a header in, unless there are too many: a part whose type is not taken in is plain text, and holds no others."""
        if name.lower() == "content-type":
            self._parts.types += 1
            if self._parts.types > _MOST_TYPES:
                return
        if len(self) < _MOST_HEADERS:
            super().set_raw(name, value)
