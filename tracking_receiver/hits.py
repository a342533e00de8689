"""The hot path, in raw ASGI: the pixel and the redirect. No database, one journal write, then the answer."""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from core.links.destinations import Destination
from core.links.tokens import Purpose, TokenClaims
from core.storage.event_words import EventKind
from tracking_receiver.asking import Scope, seen
from tracking_receiver.headers import PAGE_HEADERS, PRIVATE
from tracking_receiver.pages import broken_link, lost_link
from tracking_receiver.parts import Parts

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

# The smallest transparent GIF: 1 by 1 pixel.
PIXEL = binascii.a2b_base64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

_PIXEL_HEADERS: Headers = [(b"content-type", b"image/gif"), (b"content-length", str(len(PIXEL)).encode()), *PRIVATE]
_NOT_ALLOWED: Headers = [(b"allow", b"GET, HEAD"), (b"content-length", b"0"), *PRIVATE]
_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"


class Hits:
    """Answers `/o/{token}.gif` and `/c/{token}`.

    Args:
        parts: The receiver's parts.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def open(self, scope: Scope, send: Send) -> None:
        """Note an open and answer the pixel; a forged token gets the pixel too, but nothing is noted."""
        if scope["method"] not in ("GET", "HEAD"):
            return await _answer(scope, send, 405, _NOT_ALLOWED)
        claims = self._claims(scope["path"][3:].removesuffix(".gif"), Purpose.OPEN)
        noted = claims is None or self._parts.notes.hit(seen(self._parts, EventKind.OPENED, scope, claims.message_id))
        return await _answer(scope, send, 200 if noted else 503, _PIXEL_HEADERS, PIXEL)

    async def click(self, scope: Scope, send: Send) -> None:
        """Note a click and lead on to the link's destination, also when the note has to wait for room on the disk."""
        if scope["method"] not in ("GET", "HEAD"):
            return await _answer(scope, send, 405, _NOT_ALLOWED)
        claims = self._claims(scope["path"][3:], Purpose.CLICK)
        if claims is None:
            return await _answer_page(scope, send, broken_link())
        self._parts.notes.hit(seen(self._parts, EventKind.CLICKED, scope, claims.message_id, claims.link_id))
        found = self._parts.destinations.known(claims.link_id)
        if found is None:  # a link made since the last look: reading it blocks, so not here
            found = await asyncio.to_thread(self._parts.destinations.get, claims.link_id)
        if found is None:
            return await _answer_page(scope, send, lost_link())
        headers = [(b"location", self._location(found, claims)), (b"content-length", b"0"), *PRIVATE]
        return await _answer(scope, send, 302, headers)

    def _claims(self, token: str, purpose: Purpose) -> TokenClaims | None:
        return self._parts.signer.verify(token, purpose)

    def _location(self, found: Destination, claims: TokenClaims) -> bytes:
        url = self._parts.urls.landing(found.url, claims.message_id, claims.link_id) if found.append_token else found.url
        return quote(url, safe=_URL_CHARACTERS).encode()  # nothing in it can end the header line


async def _answer_page(scope: Scope, send: Send, page: tuple[int, bytes]) -> None:
    status, body = page
    await _answer(scope, send, status, [(b"content-length", str(len(body)).encode()), *PAGE_HEADERS], body)


async def _answer(scope: Scope, send: Send, status: int, headers: Headers, body: bytes = b"") -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
