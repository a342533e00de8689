"""`/i/…`: the pictures in emails, for everybody who has the address, and as they lie on the disk.

No database is asked: an address holds the SHA-256 of the picture, which nobody guesses, and the folder holds nothing but pictures.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from core.templates.images.addresses import PictureFile, file_at

# Most pictures are read in one go; of larger ones no more than this is in memory for a reader who is slow.
_BLOCK = 256 * 1024
_FIXED = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
    "cross-origin-resource-policy": "cross-origin",  # web mail is a page of somebody else
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
}
_MISSING = {"cache-control": "no-store", "x-content-type-options": "nosniff", "content-security-policy": "default-src 'none'"}


class _Opened(NamedTuple):
    file: BinaryIO
    size: int
    begin: bytes


def showing(folder: Path) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler.

    Args:
        folder: Where the pictures are, and nothing else.
    """

    async def handle(request: Request) -> Response:
        wanted = file_at(folder, request.scope["path"])
        opened = await asyncio.to_thread(_open, wanted) if wanted else None
        if wanted is None or opened is None:
            return Response(b"", 404, _MISSING)
        return _answer(request, wanted, opened)

    return handle


def _answer(request: Request, wanted: PictureFile, opened: _Opened) -> Response:
    etag = f'"{wanted.key}"'
    headers = {**_FIXED, "etag": etag}
    if _is_known(request.headers.get("if-none-match", ""), etag):
        opened.file.close()
        return Response(b"", 304, headers)
    headers |= {"content-type": wanted.media_type, "content-length": str(opened.size)}
    if request.method == "HEAD" or len(opened.begin) == opened.size:
        opened.file.close()
        return Response(b"" if request.method == "HEAD" else opened.begin, 200, headers)
    return StreamingResponse(_blocks(opened), 200, headers)


def _is_known(given: str, etag: str) -> bool:
    return given.strip() == "*" or etag in (one.strip().removeprefix("W/") for one in given.split(","))


def _open(wanted: PictureFile) -> _Opened | None:
    """Return an open picture with its first block, or None where there is none; in a thread."""
    try:
        file = wanted.path.open("rb")
    except OSError:
        return None
    try:
        begin = file.read(_BLOCK)
        if wanted.begins_with(begin):
            return _Opened(file, os.fstat(file.fileno()).st_size, begin)
    except OSError:
        pass
    file.close()
    return None


async def _blocks(opened: _Opened) -> AsyncIterator[bytes]:
    try:
        block = opened.begin
        while block:
            yield block
            block = await asyncio.to_thread(opened.file.read, _BLOCK)
    finally:
        opened.file.close()
