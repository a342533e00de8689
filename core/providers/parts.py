"""The text of an email as parts (MIME, RFC 2045): what is the same in many is encoded once for all of them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from core.providers.content import Filled, Layout

# What stands as it is in quoted-printable on a line of its own (RFC 2045, 6.7).
_AS_IT_IS = 72
_PLAIN = b"\n" + bytes(each for each in range(32, 127) if each != ord("="))
_DOTS_FIRST = re.compile(r"^\.+", re.MULTILINE)
_DOTS_A_LINE = 24
_ASCII_BYTES = bytes(range(128))
_WORTH_SHARING = 64


def alternative(text: Filled, html: Filled) -> str:
    """Return plain text and HTML as a multipart/alternative, from its Content-Type on; no line of it begins with a dot.

    Args:
        text: The plain text.
        html: The HTML.
    """
    shared = _shared(text.layout, html.layout)
    if shared is not None:
        return shared.joined(_encoded_values(text.values + html.values))
    parts = [_part("text/plain", text), _part("text/html", html)]
    before, between, after = _around(text.layout, html.layout)
    return f"{before}{parts[0]}{between}{parts[1]}{after}"


def multipart(kind: str, boundary: str) -> str:
    """Return the header of a multipart, with the empty line after it."""
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'


@lru_cache(maxsize=64)
def _shared(text: Layout, html: Layout) -> Layout | None:
    """Return both parts as one layout of encoded pieces; None where one of them has to be encoded whole."""
    encoded = [_encoded_pieces(text), _encoded_pieces(html)]
    if encoded[0] is None or encoded[1] is None:
        return None
    before, between, after = _around(text, html)
    first, second = [_headed("text/plain", encoded[0]), _headed("text/html", encoded[1])]
    middle = f"{first[-1]}{between}{second[0]}"
    pieces = (*first[:-1], middle, *second[1:])
    pieces = (f"{before}{pieces[0]}", *pieces[1:-1], f"{pieces[-1]}{after}") if len(pieces) > 1 else (f"{before}{pieces[0]}{after}",)
    return Layout(pieces, (*text.order, *(text.values + number for number in html.order)))


def _around(text: Layout, html: Layout) -> tuple[str, str, str]:
    """Return what stands before, between and after the two parts."""
    # "=_" can't occur in quoted-printable or base64 output, so the boundary can't occur in a part (RFC 2045, 6.7).
    name = blake2b("\0".join(text.pieces + html.pieces).encode("utf-8", "replace"), digest_size=8).hexdigest()
    boundary = f"=_{name}"
    return f"{multipart('alternative', boundary)}--{boundary}\r\n", f"\r\n--{boundary}\r\n", f"\r\n--{boundary}--\r\n"


def _headed(content_type: str, pieces: Sequence[str]) -> list[str]:
    return [f"{_header(content_type, 'quoted-printable')}{pieces[0]}", *pieces[1:]]


def _header(content_type: str, encoding: str) -> str:
    return f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"


def _part(content_type: str, content: Filled) -> str:
    """Return one part: its header, and its text encoded."""
    pieces = _encoded_pieces(content.layout)
    if pieces is not None:
        encoding, body = "quoted-printable", content.layout.joined_as(pieces, _encoded_values(content.values))
    else:
        encoding, body = _encoded(_bytes_of(str(content)))
    return f"{_header(content_type, encoding)}{body}"


@lru_cache(maxsize=64)
def _encoded_pieces(layout: Layout) -> tuple[str, ...] | None:
    """Return what is fixed as quoted-printable; None where next to nothing is, or base64 would be shorter.

    There is a soft line break on both sides of each place, so that no line gets too long whatever stands there.
    """
    fixed = "".join(layout.pieces)
    if len(fixed) < _WORTH_SHARING or _is_dense(_bytes_of(fixed)):
        return None
    first, *others = (_quoted_printable(_bytes_of(piece)) for piece in layout.pieces)
    broken = [first, *(f"=\r\n{piece}" for piece in others)]
    return (*(f"{piece}=\r\n" for piece in broken[:-1]), broken[-1])


def _encoded_values(values: Sequence[str]) -> Sequence[str]:
    """Return values encoded, each to stand on lines of its own."""
    distinct = set(values)  # a link stands in both parts
    together = "\n".join(distinct)
    if not _stands_as_it_is(together):  # one look at all of them: mostly none needs anything
        values = [value if _stands_as_it_is(value) else _quoted_printable(_bytes_of(value)) for value in values]
    elif together.count("\n") < len(distinct):
        return values
    return [value.replace("\n", "\r\n") if "\n" in value and "\r" not in value else value for value in values]


def _stands_as_it_is(text: str) -> bool:
    """Return whether text needs no encoding (RFC 2045, 6.7): a space is trouble only at a line's end, a dot only at its beginning."""
    if text.encode("utf-8", "replace").translate(None, _PLAIN) or " \n" in text or "\n." in text or text[:1] == ".":
        return False
    return max(map(len, text.split("\n"))) <= _AS_IT_IS


def _encoded(data: bytes) -> tuple[str, str]:
    """Return the encoding that is shorter, and the text in it."""
    if _is_dense(data):
        return "base64", base64.encodebytes(data).replace(b"\n", b"\r\n").decode()
    return "quoted-printable", _quoted_printable(data)


def _is_dense(data: bytes) -> bool:
    # Quoted-printable triples what is not ASCII, base64 adds a third to everything: base64 is shorter beyond a sixth.
    return not data.isascii() and len(data.translate(None, _ASCII_BYTES)) * 6 > len(data)


def _bytes_of(text: str) -> bytes:
    """Return text in UTF-8 with CRLF line ends, whatever it had."""
    data = text.encode("utf-8", "replace")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.replace(b"\n", b"\r\n")


def _quoted_printable(data: bytes) -> str:
    encoded = binascii.b2a_qp(data, istext=True)
    # It breaks long lines the way the data breaks its first one; a single line gives it nothing to go by.
    text = (encoded if b"\n" in data else encoded.replace(b"\n", b"\r\n")).decode()
    # To SMTP a dot that begins a line is a word of its own, and not every relay gives back what was doubled for it.
    return _DOTS_FIRST.sub(_dots, text)


def _dots(found: re.Match[str]) -> str:
    """Return dots written as what stands for them; what follows them goes on a line of its own."""
    count = len(found[0])
    lines = [min(_DOTS_A_LINE, count - begun) for begun in range(0, count, _DOTS_A_LINE)]
    return "".join("=2E" * dots + "=\r\n" for dots in lines)
