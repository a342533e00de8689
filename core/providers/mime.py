"""From a finished email to its bytes (RFC 5322, MIME), written by hand: `email.message` takes forty times as long."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput
from core.providers.base import OutgoingMessage

# Everything that can end or bend a header line: C0 and C1 controls, DEL, and the Unicode line separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_ASCII_BYTES = bytes(range(128))

_LINE = 76  # RFC 2047: a line with an encoded word; RFC 5322 advises 78
_LONGEST_LINE = 998  # RFC 5322, without CRLF
_WORD_BYTES = 45  # 45 bytes are 60 base64 characters, 72 with "=?utf-8?b?" and "?="
_LONGEST_ADDRESS = 254  # RFC 5321, path of 256 with its brackets


def to_bytes(message: OutgoingMessage) -> bytes:
    """Return the email as it goes over the wire: multipart/alternative, ASCII only, CRLF, no line above 998 octets.

    Args:
        message: The finished email; `headers` carry Date and Message-ID.

    Raises:
        InvalidInput: If an address can't be used or a header holds a line break or another control character.
    """
    # "=_" can't occur in quoted-printable or base64 output, so the boundary can't occur in a part (RFC 2045, 6.7).
    boundary = b"=_" + header_value("the message key", message.key).encode()
    head = [
        b"From: " + _sender(message.from_name, message.from_email),
        b"To: " + address(message.to).encode(),
        b"Subject: " + _unstructured("Subject", message.subject),
        *(_header(name, value) for name, value in message.headers.items()),
        b"MIME-Version: 1.0",
        b'Content-Type: multipart/alternative;\r\n boundary="' + boundary + b'"',
    ]
    parts = (_part(b"text/plain", str(message.text)), _part(b"text/html", str(message.html)))
    body = b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts)
    return b"\r\n".join(head) + b"\r\n\r\n" + body + b"--" + boundary + b"--\r\n"


@lru_cache(maxsize=4096)
def address(email: str) -> str:
    """Return an address as it may stand in a header or an SMTP command: ASCII, the domain as A-labels.

    Raises:
        InvalidInput: If it is no address, or its local part needs SMTPUTF8 (RFC 6531), which few servers offer.
    """
    if len(email) <= _LONGEST_ADDRESS and _PLAIN_ADDRESS.fullmatch(email):
        return email
    try:
        ascii_email = validate_email(email, check_deliverability=False, test_environment=True).ascii_email
    except EmailNotValidError as error:
        raise InvalidInput("The address can't be used in an email.", hint="Correct the address.") from error
    if ascii_email is None:
        raise InvalidInput("The address has special letters before the @, which mail servers do not accept.")
    return ascii_email


def header_value(name: str, value: str) -> str:
    """Return the value unchanged if it can stand on one header line.

    Raises:
        InvalidInput: If it holds a line break or another control character: that could add headers of its own.
    """
    if _CONTROL.search(value):
        raise InvalidInput(f"{name} holds a line break or a control character.", hint="Write it on one line.")
    return value


def _header(name: str, value: str) -> bytes:
    if not _HEADER_NAME.fullmatch(name):
        raise InvalidInput(f"“{name[:40]}” is not the name of a header.")
    return name.encode() + b": " + _unstructured(name, value)


@lru_cache(maxsize=256)
def _sender(name: str, email: str) -> bytes:
    """Return the From value; cached, for it is the same for a whole campaign."""
    mailbox = address(email)
    header_value("The sender's name", name)
    if not name:
        return mailbox.encode()
    if _ATOMS.fullmatch(name) and len(name) + len(mailbox) < _LINE:
        phrase = name.encode()
    elif name.isascii() and "=?" not in name and len(name) + len(mailbox) < _LINE - 8:
        phrase = b'"' + name.replace("\\", "\\\\").replace('"', '\\"').encode() + b'"'
    else:
        phrase = _encoded_words(name)
    return phrase + b"\r\n <" + mailbox.encode() + b">" if len(phrase) > 20 else phrase + b" <" + mailbox.encode() + b">"


def _unstructured(name: str, value: str) -> bytes:
    header_value(name, value)
    if not value.isascii() or "=?" in value or value != value.strip():
        return _encoded_words(value)
    if len(name) + 2 + len(value) <= _LINE:
        return value.encode()
    folded = _folded(value, _LINE - len(name) - 2)
    return _encoded_words(value) if max(map(len, folded.split(b"\r\n"))) > _LONGEST_LINE - len(name) - 2 else folded


def _folded(value: str, room: int) -> bytes:
    """Break a long ASCII value before spaces; unfolding gives it back unchanged (RFC 5322, 2.2.3)."""
    lines, current = [], ""
    for piece in re.findall(r" *[^ ]+", value):
        if current and len(current) + len(piece) > room:
            lines.append(current)
            current, room = piece, _LINE
        else:
            current += piece
    return "\r\n".join([*lines, current]).encode()


def _encoded_words(value: str) -> bytes:
    """Return RFC 2047 encoded words of at most 75 characters each, no character split between two."""
    words, current = [], b""
    for character in value:
        encoded = character.encode("utf-8", "replace")
        if len(current) + len(encoded) > _WORD_BYTES:
            words.append(current)
            current = b""
        current += encoded
    words.append(current)
    return b"\r\n ".join(b"=?utf-8?b?" + base64.b64encode(word) + b"?=" for word in words)


def _part(content_type: bytes, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    data = data.replace(b"\n", b"\r\n")
    # Quoted-printable triples what is not ASCII, base64 adds a third to everything: base64 is shorter beyond a sixth.
    if not text.isascii() and len(data.translate(None, _ASCII_BYTES)) * 6 > len(data):
        encoding, body = b"base64", base64.encodebytes(data).replace(b"\n", b"\r\n")
    else:
        encoding, body = b"quoted-printable", _quoted_printable(data)
    head = b"Content-Type: " + content_type + b"; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding
    return head + b"\r\n\r\n" + body


def _quoted_printable(data: bytes) -> bytes:
    encoded = binascii.b2a_qp(data, istext=True)
    # It breaks long lines the way the data breaks its first one; a single line gives it nothing to go by.
    return encoded if b"\n" in data else encoded.replace(b"\n", b"\r\n")
