"""What stands behind the end of a picture: a file that is two things at once means no good.

Pictures are made anew, so nothing of it would stay; it is refused all the same, because whoever sends it should hear of it.
Phones put a second picture or a film there, which is no harm and is left out.
"""

from __future__ import annotations

import re

from core.templates.images.recognising import Format

# Each is long enough not to be met by chance among the bytes of a second picture.
_FOREIGN = re.compile(
    rb"(?i:<(?:!doctype|html|head[\s>]|body[\s>]|script|svg[\s>]|iframe|\?php|img\s))"
    rb"|PK\x03\x04|PK\x05\x06|%PDF-|Rar!\x1a\x07|\x7fELF|This program cannot be run"
)
_ENTROPY_ENDS = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def has_foreign_ending(data: bytes, form: Format) -> bool:
    """Return whether something other than a picture follows the picture.

    Args:
        data: The file.
        form: What it is.
    """
    end = _END_OF.get(form, _whole)(data)
    return _FOREIGN.search(data, end) is not None


def _whole(data: bytes) -> int:
    return len(data)


def _png(data: bytes) -> int:
    at = 8
    while at + 8 <= len(data):
        length, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        at += 12 + length
        if kind == b"IEND":
            return at
    return len(data)


def _riff(data: bytes) -> int:
    return 8 + int.from_bytes(data[4:8], "little")


def _bmp(data: bytes) -> int:
    told = int.from_bytes(data[2:6], "little")
    return told if told > 54 else len(data)


def _boxes(data: bytes) -> int:
    at = 0
    while at + 8 <= len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 0:  # up to the end of the file
            return len(data)
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        if size < 8 or not kind.isalnum():
            return at
        at += size
    return at


def _gif(data: bytes) -> int:
    at = 13 + _colours(data[10]) if len(data) > 13 else len(data)
    while at < len(data):
        kind = data[at]
        if kind == 0x3B:
            return at + 1
        if kind == 0x21:
            at = _past_blocks(data, at + 2)
        elif kind == 0x2C and at + 10 <= len(data):
            at = _past_blocks(data, at + 10 + _colours(data[at + 9]) + 1)
        else:
            return at
    return len(data)


def _colours(flags: int) -> int:
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _past_blocks(data: bytes, at: int) -> int:
    while at < len(data) and data[at]:
        at += 1 + data[at]
    return at + 1


def _jpeg(data: bytes) -> int:
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            return at
        marker = data[at + 1]
        if marker == 0xD9:
            return at + 2
        if marker == 0xFF or 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 1 if marker == 0xFF else 2
            continue
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == 0xDA:
            found = _ENTROPY_ENDS.search(data, at)
            at = found.start() if found else len(data)
    return min(at + 2, len(data)) if data[at : at + 2] == b"\xff\xd9" else len(data)


_END_OF = {
    Format.PNG: _png,
    Format.GIF: _gif,
    Format.JPEG: _jpeg,
    Format.WEBP: _riff,
    Format.BMP: _bmp,
    Format.AVIF: _boxes,
    Format.HEIC: _boxes,
}
