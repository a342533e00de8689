"""Files that come with an email, as parts of it: multipart/mixed, names in every alphabet (RFC 2183, RFC 2231)."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from urllib.parse import quote

from core.errors import InvalidInput
from core.providers.base import Attachment

# No parameters: nobody but us may say where a part of the email ends.
_CONTENT_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_BAD_IN_NAME = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029/\\\\]")
_SAFE_NAME = re.compile(r"[A-Za-z0-9!#$&+.^_`{}~ ()@,;=-]{1,60}")
_LONGEST_NAME = 200
# What may stand unescaped in a value of RFC 2231 (attribute-char), beyond what `quote` leaves alone.
_ATTRIBUTE_CHARACTERS = "!#$&+^`{}|"
_ROOM = 60
_CHARSET = "utf-8''"
# These may not be written as base64 (RFC 2046, 5.1 and 5.2.1): a file that is one is an unknown kind of file.
_UNWRAPPED = ("multipart/", "message/")


def check_attachment(name: str, content_type: str) -> None:
    """Do nothing if a file may be called so.

    Raises:
        InvalidInput: If the name or the media type can't be written into a header as it is.
    """
    if not name.strip() or len(name) > _LONGEST_NAME:
        raise InvalidInput(f"The name of an attachment has 1 to {_LONGEST_NAME} characters.")
    if _BAD_IN_NAME.search(name):
        raise InvalidInput("The name of an attachment holds a slash or a control character.", hint="Give the name only, without folders.")
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise InvalidInput(
            "The content type of an attachment is not a media type.", hint="It looks like `application/pdf`, without parameters."
        )


def mixed(content: bytes, attachments: Sequence[Attachment], boundary: bytes) -> bytes:
    """Return the body of a multipart/mixed: the email itself as a part with its own headers, and then its files.

    Args:
        content: The email's own part, from its Content-Type on.
        attachments: The files.
        boundary: Occurs in no part.

    Raises:
        InvalidInput: If a file can't be called what it is called.
    """
    parts = [content, *(_part(each) for each in attachments)]
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--\r\n"


def _part(each: Attachment) -> bytes:
    check_attachment(each.name, each.content_type)
    kind = "application/octet-stream" if each.content_type.lower().startswith(_UNWRAPPED) else each.content_type
    head = [
        b"Content-Type: " + kind.encode(),
        b"Content-Transfer-Encoding: base64",
        b"Content-Disposition: attachment;\r\n " + _file_name(each.name.strip()),
    ]
    return b"\r\n".join(head) + b"\r\n\r\n" + base64.encodebytes(each.data).replace(b"\n", b"\r\n")


def _file_name(name: str) -> bytes:
    if _SAFE_NAME.fullmatch(name):
        return f'filename="{name}"'.encode()
    pieces, current = [], ""
    for character in name:
        escaped = quote(character, safe=_ATTRIBUTE_CHARACTERS, errors="replace")
        if len(current) + len(escaped) > _ROOM:
            pieces.append(current)
            current = ""
        current += escaped
    pieces.append(current)
    if len(pieces) == 1:
        return f"filename*={_CHARSET}{pieces[0]}".encode()
    numbered = [f"filename*{number}*={'' if number else _CHARSET}{piece}" for number, piece in enumerate(pieces)]
    return ";\r\n ".join(numbered).encode()
