"""Pictures as people and attackers send them, made here."""

from __future__ import annotations

import base64
import io
import struct
import zlib
from typing import Any

from PIL import Image

HTML = b"<html><script>alert(1)</script></html>"
# 64 × 48, the left half blue and the right one red, from an encoder we don't have.
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAABoQAB"
    "AAAAAAAAACQAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmNDAQNwAAAAkAAAAAAAHvAA/P34"
    "+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29s"
    "cm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAA"
    "AAAAAAEAAQWBAgMFhAAAACxtZGF0AAAAICgBrxmA70mlv//uFYEfNd2/NsheF7OQf9Faee73A21v"
)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    """Return an image as a file."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    """Return a file as an image."""
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def photo(width: int = 400, height: int = 300) -> Image.Image:
    """Return an image with many colours: red grows to the right, green downwards."""
    red = Image.linear_gradient("L").rotate(90).resize((width, height))
    green = Image.linear_gradient("L").resize((width, height))
    return Image.merge("RGB", (red, green, Image.radial_gradient("L").resize((width, height))))


def frames(count: int = 4) -> list[Image.Image]:
    """Return the frames of an animation."""
    return [Image.new("RGB", (200, 100), (40 * number, 0, 200)) for number in range(count)]


def animation(form: str = "GIF", count: int = 4) -> bytes:
    """Return an animated file."""
    first, *others = frames(count)
    return saved(first, form, save_all=True, append_images=others, duration=80, loop=0)


def png_that_claims(width: int, height: int) -> bytes:
    """Return a small file that says it is a large picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
