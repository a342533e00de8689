"""From a finished email to its bytes (RFC 5322, MIME), written by hand: `email.message` takes forty times as long."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput
from core.providers.attaching import mixed
from core.providers.base import OutgoingMessage
from core.providers.content import Filled, Layout

# Everything that can end or bend a header line: C0 and C1 controls, DEL, and the Unicode line separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# What a header may hold as it is, and what stands as it is in quoted-printable on a line of its own (RFC 2045, 6.7).
_PLAIN_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")
# A space is no trouble but at the end of a line.
_AS_IT_IS = re.compile(r"[ -<>-~]{0,72}")
_LINES_AS_THEY_ARE = re.compile(r"[ -<>-~]{0,72}(?:(?<! )\n[ -<>-~]{0,72})+")
_ASCII_BYTES = bytes(range(128))
_WORTH_SHARING = 64

_LINE = 76  # RFC 2047: a line with an encoded word; RFC 5322 advises 78
_LONGEST_LINE = 998  # RFC 5322, without CRLF
_WORD_BYTES = 45  # 45 bytes are 60 base64 characters, 72 with "=?utf-8?b?" and "?="
_LONGEST_ADDRESS = 254  # RFC 5321, path of 256 with its brackets


def to_bytes(message: OutgoingMessage, *, allows_utf8: bool = False) -> bytes:
    """Return the email as it goes over the wire: ASCII only, CRLF, no line above 998 octets.

    It is multipart/alternative; where files come with it, that is the first part of a multipart/mixed. What it shares with
    the others of its campaign is encoded once for all of them.

    Args:
        message: The finished email; `headers` carry Date and Message-ID.
        allows_utf8: Whether addresses may stand in UTF-8, because the server takes them so (RFC 6532).

    Raises:
        InvalidInput: If an address can't be used or a header holds a line break or another control character.
    """
    # "=_" can't occur in quoted-printable or base64 output, so the boundary can't occur in a part (RFC 2045, 6.7).
    boundary = f"=_{header_value('the message key', message.key)}"
    recipient = address(message.to, allows_utf8=allows_utf8)
    to = _mailbox(message.to_name, recipient) if message.to_name and recipient.isascii() else recipient
    lines = [f"From: {_mailbox(message.from_name, message.from_email)}", f"To: {to}"]
    lines.append(f"Subject: {_unstructured('Subject', message.subject)}")
    lines += [f"{header_name(name)}: {_unstructured(name, value)}" for name, value in message.headers.items()]
    lines.append("MIME-Version: 1.0\r\n")
    known: dict[str, str] = {}
    text, html = _part("text/plain", message.text, known), _part("text/html", message.html, known)
    parts = f"--{boundary}\r\n{text}\r\n--{boundary}\r\n{html}\r\n--{boundary}--\r\n"
    content = (_multipart("alternative", boundary) + parts).encode("ascii")
    if message.attachments:
        outer = f"=_={boundary[2:]}"  # neither begins with the other
        content = _multipart("mixed", outer).encode() + mixed(content, message.attachments, outer.encode())
    return "\r\n".join(lines).encode() + content


def _multipart(kind: str, boundary: str) -> str:
    return f'Content-Type: multipart/{kind};\r\n boundary="{boundary}"\r\n\r\n'


@lru_cache(maxsize=4096)
def address(email: str, *, allows_utf8: bool = False) -> str:
    """Return an address as it may stand in a header or an SMTP command: ASCII, the domain as A-labels.

    Args:
        email: The address.
        allows_utf8: Whether one whose local part is not ASCII may stand as it is (RFC 6531).

    Raises:
        InvalidInput: If it is no address, or its local part needs SMTPUTF8, which few servers offer.
    """
    if len(email) <= _LONGEST_ADDRESS and _PLAIN_ADDRESS.fullmatch(email):
        return email
    try:
        known = validate_email(email, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise InvalidInput("The address can't be used in an email.", hint="Correct the address.") from error
    if known.ascii_email is None:
        if allows_utf8:
            return known.normalized
        raise InvalidInput("The address has special letters before the @, which this mail server does not accept.")
    return known.ascii_email


def header_value(name: str, value: str) -> str:
    """Return the value unchanged if it can stand on one header line.

    Raises:
        InvalidInput: If it holds a line break or another control character: that could add headers of its own.
    """
    if _CONTROL.search(value):
        raise InvalidInput(f"{name} holds a line break or a control character.", hint="Write it on one line.")
    return value


@lru_cache(maxsize=256)
def header_name(name: str) -> str:
    """Return the name unchanged if a header can be called so.

    Raises:
        InvalidInput: If not.
    """
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidInput(f"“{name[:40]}” is not the name of a header.")
    return name


def mailbox(name: str, email: str) -> str:
    """Return a name and an address as one text that is not yet encoded for a header, for services that do that themselves.

    Raises:
        InvalidInput: If the name holds a line break, or the address can't be used.
    """
    header_value("The name beside an address", name)
    if not name:
        return address(email)
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address(email)}>'


@lru_cache(maxsize=256)
def _mailbox(name: str, email: str) -> str:
    """Return an address with its name; cached, for the sender is the same for a whole campaign."""
    mailbox = address(email)
    header_value("The name beside an address", name)
    if not name:
        return mailbox
    if _ATOMS.fullmatch(name) and len(name) + len(mailbox) < _LINE:
        phrase = name
    elif name.isascii() and "=?" not in name and len(name) + len(mailbox) < _LINE - 8:
        phrase = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
    else:
        phrase = _encoded_words(name)
    return f"{phrase}\r\n <{mailbox}>" if len(phrase) > 20 else f"{phrase} <{mailbox}>"


def _unstructured(name: str, value: str) -> str:
    if len(name) + 2 + len(value) <= _LINE and _PLAIN_VALUE.fullmatch(value) and "=?" not in value:
        return value
    header_value(name, value)
    if not value.isascii() or "=?" in value or value != value.strip():
        return _encoded_words(value)
    folded = _folded(value, _LINE - len(name) - 2)
    return _encoded_words(value) if max(map(len, folded.split("\r\n"))) > _LONGEST_LINE - len(name) - 2 else folded


def _folded(value: str, room: int) -> str:
    """Break a long ASCII value before spaces; unfolding gives it back unchanged (RFC 5322, 2.2.3)."""
    lines, current = [], ""
    for piece in re.findall(r" *[^ ]+", value):
        if current and len(current) + len(piece) > room:
            lines.append(current)
            current, room = piece, _LINE
        else:
            current += piece
    return "\r\n".join([*lines, current])


def _encoded_words(value: str) -> str:
    """Return RFC 2047 encoded words of at most 75 characters each, no character split between two."""
    words, current = [], b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(current) + len(encoded) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += encoded
    words.append(current)
    return "\r\n ".join(f"=?utf-8?b?{base64.b64encode(word).decode()}?=" for word in words)


def _part(content_type: str, content: Filled, known: dict[str, str]) -> str:
    """Return one part: its header, and its text encoded."""
    pieces = _encoded_pieces(content.layout)
    if pieces is not None:
        encoding, body = "quoted-printable", _filled(pieces, content.values, known)
    else:
        encoding, body = _encoded(_bytes_of(str(content)))
    return f"Content-Type: {content_type}; charset=utf-8\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{body}"


@lru_cache(maxsize=64)
def _encoded_pieces(layout: Layout) -> tuple[str, ...] | None:
    """Return what is fixed as quoted-printable; None where next to nothing is, or base64 would be shorter."""
    fixed = "".join(layout.pieces)
    if len(fixed) < _WORTH_SHARING or _is_dense(_bytes_of(fixed)):
        return None
    return tuple(_quoted_printable(_bytes_of(piece)) for piece in layout.pieces)


def _filled(pieces: Sequence[str], values: Sequence[str], known: dict[str, str]) -> str:
    """Return pieces with values between them, a soft line break around each value, so that no line gets too long.

    Args:
        pieces: What is fixed, encoded.
        values: What is this email's own.
        known: Values of this email that are encoded already: a name or a link stands in it many times.
    """
    parts = [pieces[0]]
    for value, piece in zip(values, pieces[1:], strict=True):
        line = known.get(value)
        if line is None:
            line = known[value] = f"=\r\n{_encoded_value(value)}=\r\n"
        parts += (line, piece)
    return "".join(parts)


def _encoded_value(value: str) -> str:
    if _AS_IT_IS.fullmatch(value):
        return value
    return value.replace("\n", "\r\n") if _LINES_AS_THEY_ARE.fullmatch(value) else _quoted_printable(_bytes_of(value))


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
    return (encoded if b"\n" in data else encoded.replace(b"\n", b"\r\n")).decode()
