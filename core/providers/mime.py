"""From a finished email to its bytes (RFC 5322, MIME), written by hand: `email.message` takes forty times as long."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

from core.errors import InvalidInput
from core.providers.attaching import mixed
from core.providers.base import OutgoingMessage
from core.providers.parts import alternative, multipart

# Everything that can end or bend a header line: C0 and C1 controls, DEL, and the Unicode line separators.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,75}")
_PLAIN_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.-]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
# What a header may hold as it is.
_PLAIN_VALUE = re.compile(r"[!-~](?:[ -~]*[!-~])?")

_LINE = 76  # RFC 2047: a line with an encoded word; RFC 5322 advises 78
_LONGEST_LINE = 998  # RFC 5322, without CRLF
_WORD_BYTES = 45  # 45 bytes are 60 base64 characters, 72 with "=?utf-8?b?" and "?="
_LONGEST_ADDRESS = 254  # RFC 5321, path of 256 with its brackets


def to_bytes(message: OutgoingMessage, *, allows_utf8: bool = False) -> bytes:
    """Return the email as it goes over the wire: ASCII only, CRLF, no line above 998 octets, none that begins with a dot.

    It is multipart/alternative; where files come with it, that is the first part of a multipart/mixed. What it shares with
    the others of its campaign is encoded once for all of them.

    Args:
        message: The finished email; `headers` carry Date and Message-ID.
        allows_utf8: Whether addresses may stand in UTF-8, because the server takes them so (RFC 6532).

    Raises:
        InvalidInput: If an address can't be used or a header holds a line break or another control character.
    """
    key = header_value("the message key", message.key)
    recipient = address(message.to, allows_utf8=allows_utf8)
    to = _mailbox(message.to_name, recipient) if message.to_name and recipient.isascii() else recipient
    fields = {"From": _mailbox(message.from_name, message.from_email), "To": to}
    head = _head(fields, {"Subject": message.subject, **message.headers})
    content = alternative(message.text, message.html)
    if not message.attachments:
        return f"{head}{content}".encode()
    # No part holds "=_", and that of the texts goes on differently (RFC 2045, 6.7).
    outer = f"=_={key}"
    return f"{head}{multipart('mixed', outer)}".encode() + mixed(content.encode(), message.attachments, outer.encode())


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


def header_values(values: Mapping[str, str]) -> None:
    """Do nothing if each of these can stand on one header line; one look at all of them, for mostly all can.

    Args:
        values: By what they are.

    Raises:
        InvalidInput: As `header_value`.
    """
    if _CONTROL.search("".join(values.values())):
        for name, value in values.items():
            header_value(name, value)


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


def _head(fields: Mapping[str, str], values: Mapping[str, str]) -> str:
    """Return all header lines but those of the content.

    Args:
        fields: Headers that are written already.
        values: Further headers as they are meant.
    """
    own = [f"{header_name(name)}: {value}" for name, value in values.items()]
    together = "".join(own)
    # One look at all of them: mostly none needs anything. A control character is not printable, so none can end its line.
    is_plain = together.isascii() and together.isprintable() and "=?" not in together and ":  " not in together
    if not is_plain or not all(line[-1] != " " and (len(line) <= _LINE or _is_one_word(line)) for line in own):
        own = [f"{header_name(name)}: {_unstructured(name, value)}" for name, value in values.items()]
    return "\r\n".join([*(f"{name}: {value}" for name, value in fields.items()), *own, "MIME-Version: 1.0\r\n"])


def _is_one_word(line: str) -> bool:
    return line.count(" ") == 1 and len(line) <= _LONGEST_LINE


def _unstructured(name: str, value: str) -> str:
    header_value(name, value)
    if len(name) + 2 + len(value) <= _LINE and _PLAIN_VALUE.fullmatch(value) and "=?" not in value:
        return value
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
