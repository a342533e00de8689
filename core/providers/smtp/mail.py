"""Mail as it lies in the bounce mailbox: anybody may have written it, so only a bounded part of it is looked at."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from functools import cached_property

from core.providers.reading import ours
from core.providers.smtp.parsing import LONGEST_HEADER, LONGEST_MAIL, parsed
from core.providers.smtp.verp import key_in
from core.providers.webhooks import UnreadableReport

_MOST_PARTS, _DEEPEST = 40, 8
_LONGEST_TEXT = 64 * 1024
_SENT_TO = ("To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "Apparently-To")
_ADDRESSES = re.compile(r"(?<![^\s<>,;:\"()@])[^\s<>,;:\"()@]{1,128}@[^\s<>,;:\"()@]{1,255}")
# These name no way in which mail is written, and take long.
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape"})
# In what is returned, quoted or not: a header of ours, or the Message-ID that we made of the key.
_OUR_HEADER = re.compile(r"^[>| \t]{0,8}X-Postwright-Message:[ \t]{0,4}([0-9]{1,18}-[0-9a-f]{12})\b", re.IGNORECASE | re.MULTILINE)
_OUR_ID = re.compile(
    r"^[>| \t]{0,8}(?:X-)?(?:Original-)?Message-ID:\s{0,4}<([0-9]{1,18}-[0-9a-f]{12})@[^\s<>]{1,255}>", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Part:
    """One part of a mail that holds no others.

    Args:
        content_type: Its media type, lower case.
        text: What it says, decoded, its beginning only.
        is_returned: Whether it belongs to a message that the mail carries along.
    """

    content_type: str
    text: str
    is_returned: bool = False


class Mail:
    """A mail from the bounce mailbox.

    Args:
        data: Its bytes, or their beginning.

    Raises:
        UnreadableReport: If it is none.
    """

    def __init__(self, data: bytes) -> None:
        try:
            self.data = data[:LONGEST_MAIL]
            self.message: Message = parsed(self.data)
            self.parts = list(_parts(self.message))
        except (ValueError, LookupError, RecursionError, AttributeError, TypeError) as error:  # what the parser trips over
            raise UnreadableReport from error
        if not self.message.keys():
            raise UnreadableReport

    def header(self, name: str) -> str:
        """Return a header as one line, empty where there is none."""
        return header_of(self.message, name)

    @property
    def report_type(self) -> str:
        """What kind of multipart/report it is (RFC 6522), empty where it is none."""
        if self.message.get_content_type() != "multipart/report":
            return ""
        return str(self.message.get_param("report-type", "") or "").lower()

    @cached_property
    def at(self) -> datetime | None:
        """When it was written, as it says itself."""
        return moment(self.header("Date"))

    @cached_property
    def key(self) -> str:
        """Our name of the message it is about, as far as it tells; whether that is genuine, only the secret key tells."""
        return self._key_it_was_sent_to() or self._key_returned() or self._key_answered()

    @property
    def words(self) -> str:
        """What it says to a reader, without what it returns."""
        return "\n".join(part.text for part in self.parts if not part.is_returned and part.content_type.startswith("text/"))[:_LONGEST_TEXT]

    def part(self, *content_types: str) -> str | None:
        """Return what the first part of one of these types says, None where there is none."""
        return next((part.text for part in self.parts if part.content_type in content_types and not part.is_returned), None)

    def _key_it_was_sent_to(self) -> str:
        for name in _SENT_TO:
            for value in self.message.get_all(name, [])[:10]:
                for found in _ADDRESSES.findall(str(value)[:LONGEST_HEADER])[:20]:
                    if key := key_in(found):
                        return key
        return ""

    def _key_returned(self) -> str:
        for pattern in (_OUR_HEADER, _OUR_ID):
            for part in self.parts:
                if found := pattern.search(part.text):
                    return ours(found[1].lower())
        return ""

    def _key_answered(self) -> str:
        """Return the key of the message that it calls itself an answer to."""
        ids = f"{self.header('In-Reply-To')} {self.header('References')}"
        return next((key for found in _ADDRESSES.findall(ids)[:20] if (key := ours(found.partition("@")[0].lstrip("<").lower()))), "")


def header_of(message: Message, name: str) -> str:
    """Return a header as one line, empty where there is none."""
    value = message.get(name)
    return " ".join(str(value)[:LONGEST_HEADER].split()) if value is not None else ""


def moment(text: str) -> datetime | None:
    """Return a moment written as in mail (RFC 5322), None if it is none."""
    if not text or len(text) > 100:
        return None
    try:
        at = parsedate_to_datetime(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def groups_of(text: str) -> list[Message]:
    """Return the groups of fields in a report's machine-readable part (RFC 3464, RFC 5965), one for each block of lines."""
    blocks = re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n").strip("\n"), maxsplit=_MOST_PARTS)[:_MOST_PARTS]
    return [parsed(block.encode("utf-8", "replace"), headers_only=True) for block in blocks if block.strip()]


def _parts(message: Message) -> Iterator[Part]:
    """Yield the parts that say something, in order."""
    left = _MOST_PARTS
    waiting = [(message, 0, False)]
    while waiting and left:
        one, depth, is_returned = waiting.pop(0)
        left -= 1
        content_type, content = one.get_content_type(), one.get_payload()
        if content_type in _REPORTS:
            yield Part(content_type, _flattened(one), is_returned)
        elif not isinstance(content, list):
            yield Part(content_type, _text(one), is_returned or content_type == "text/rfc822-headers")
        elif depth < _DEEPEST:
            is_carried = is_returned or content_type.startswith("message/")
            inner = [each for each in content if isinstance(each, Message)]
            if is_carried and not is_returned:
                yield from (Part("text/rfc822-headers", _headers(each), True) for each in inner[:1])
            waiting[:0] = [(each, depth + 1, is_carried) for each in inner]


# The parser takes these apart into messages of headers only; here they are wanted as they were.
_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})


def _flattened(part: Message) -> str:
    content = part.get_payload()
    if not isinstance(content, list):
        return _text(part)
    blocks = [f"{_headers(each)}\n{_text(each)}".strip("\n") if isinstance(each, Message) else "" for each in content[:_MOST_PARTS]]
    text = "\n\n".join(blocks)[:_LONGEST_TEXT]
    if header_of(part, "Content-Transfer-Encoding").lower() != "base64":  # the parser decodes nothing inside a message
        return text
    with suppress(binascii.Error):
        text = binascii.a2b_base64("".join(text.split()).encode("ascii", "replace")).decode("utf-8", "replace")
    return text.replace("\r\n", "\n")


def _headers(message: Message) -> str:
    return "".join(f"{name}: {value}\n" for name, value in message.items())[:_LONGEST_TEXT]


def _text(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    try:
        charset = part.get_content_charset("utf-8")
        text = content[:_LONGEST_TEXT].decode("utf-8" if charset.replace("-", "_") in _NO_CHARSETS else charset, "replace")
    except (LookupError, ValueError):
        text = content[:_LONGEST_TEXT].decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\x00", "")
