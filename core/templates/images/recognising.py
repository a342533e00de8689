"""What a file is, by its bytes: whatever its name says, and in words that help whoever sent it."""

from __future__ import annotations

import re
from enum import StrEnum

from core.errors import InvalidInput

_HEAD = 4_096
_TAKEN = "JPEG, PNG, GIF, WebP, AVIF, HEIC, TIFF and BMP can be used."


class Format(StrEnum):
    """A picture's format that can be opened."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WebP"
    AVIF = "AVIF"
    HEIC = "HEIC"
    TIFF = "TIFF"
    BMP = "BMP"


_BEGINNINGS = (
    (b"\xff\xd8\xff", Format.JPEG),
    (b"\x89PNG\r\n\x1a\n", Format.PNG),
    (b"GIF87a", Format.GIF),
    (b"GIF89a", Format.GIF),
    (b"II*\x00", Format.TIFF),
    (b"MM\x00*", Format.TIFF),
    (b"BM", Format.BMP),
)
_BRANDS = {
    **dict.fromkeys((b"avif", b"avis"), Format.AVIF),
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), Format.HEIC),
}
# Other things people send, each with what to do about it.
_OTHERS = (
    (b"%PDF", "This is a PDF.", "Export the page as PNG or JPEG and upload that."),
    (b"8BPS", "This is a Photoshop file.", "Export it as PNG or JPEG and upload that."),
    (b"%!PS", "This is a PostScript file.", "Export it as PNG or JPEG and upload that."),
    (b"PK\x03\x04", "This is a packed file, such as a ZIP or an Office document.", "Unpack it, and upload the picture itself."),
    (b"Rar!", "This is a packed file.", "Unpack it, and upload the picture itself."),
    (b"\x1f\x8b", "This is a packed file.", "Unpack it, and upload the picture itself."),
    (b"7z\xbc\xaf", "This is a packed file.", "Unpack it, and upload the picture itself."),
    (b"MZ", "This is a program, not a picture.", "Delete it if you don’t know where it is from."),
    (b"\x7fELF", "This is a program, not a picture.", "Delete it if you don’t know where it is from."),
    (b"#!", "This is a program, not a picture.", "Delete it if you don’t know where it is from."),
    (b"\x1aE\xdf\xa3", "This is a video.", "Emails can’t play videos: upload a still picture and link it to the video."),
    (b"\x00\x00\x01\x00", "This is an icon file.", "Save it as PNG and upload that."),
)
_SVG = re.compile(rb"<(?:[a-z]+:)?svg[\s>/]", re.IGNORECASE)
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|\?xml|\?php|mjml|iframe|a\s|p>|div)", re.IGNORECASE)


def recognise(data: bytes) -> Format:
    """Return what a picture is.

    Args:
        data: The file.

    Raises:
        InvalidInput: If it is none that can be used; says what it is and what to do.
    """
    if not data:
        raise InvalidInput("This file is empty.", hint="Choose the picture again.")
    found = _format(data)
    if found is None:
        raise _not_a_picture(data)
    return found


def _format(data: bytes) -> Format | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return Format.WEBP
    if data[4:8] == b"ftyp":
        # The major brand first; “mif1” says only that it is a picture, so a more exact one among the compatible ones wins.
        brands = [data[8:12], *(data[at : at + 4] for at in range(16, min(_box_end(data), 256), 4))]
        named = [_BRANDS[brand] for brand in brands if brand in _BRANDS]
        return Format.AVIF if Format.AVIF in named else named[0] if named else None
    return next((form for start, form in _BEGINNINGS if data.startswith(start)), None)


def _box_end(data: bytes) -> int:
    return int.from_bytes(data[:4], "big")


def _not_a_picture(data: bytes) -> InvalidInput:
    head = data[:_HEAD].lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    wide = head.replace(b"\x00", b"")  # text in UTF-16 has a zero after every letter
    if _SVG.search(wide):
        hint = "Mail programs don’t show SVG, and it can carry scripts: export it as PNG, twice as large as it is shown."
        return InvalidInput("This is an SVG drawing.", hint=hint)
    for start, what, hint in _OTHERS:
        if data.startswith(start):
            return InvalidInput(what, hint=hint)
    if data[4:8] == b"ftyp":
        return InvalidInput("This is a video.", hint="Emails can’t play videos: upload a still picture and link it to the video.")
    if _MARKUP.search(wide):
        return InvalidInput("This is a web page, not a picture.", hint="Save the picture itself, and upload that.")
    return InvalidInput("This file is not a picture.", hint=_TAKEN)
