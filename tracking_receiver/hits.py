"""The hot path: the pixel and the redirect. No database, one journal line, then the answer.

What a request comes to is decided in one place, `Hits.answer`, without waiting for anything. Two doors lead to it: the one for
any ASGI server here, and the shortcut of our own server in `lane`.
"""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from core.links.destinations import Destination
from core.links.tokens import Purpose, TokenClaims
from core.storage.event_record import EventRecord
from core.storage.event_words import EventKind
from tracking_receiver.asking import Asker, Scope, asker
from tracking_receiver.headers import PAGE_HEADERS, PRIVATE
from tracking_receiver.pages import Page, broken_link, hidden_link, lost_link
from tracking_receiver.parts import Parts
from tracking_receiver.replies import Headers, Hit, Reply, reply, with_header

Send = Callable[[dict[str, Any]], Awaitable[None]]

# The smallest transparent GIF: 1 by 1 pixel.
PIXEL = binascii.a2b_base64("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
PIXEL_HEADERS: Headers = [(b"content-type", b"image/gif"), *PRIVATE]

_PIXEL = reply(200, PIXEL_HEADERS, PIXEL)
# It says that nothing was noted, and shows the same image.
_PIXEL_UNNOTED = reply(503, PIXEL_HEADERS, PIXEL)
_OPEN_ROUTE, _CLICK_ROUTE = "/o/{token}", "/c/{token}"
_FORGED_PIXEL = Hit(None, _PIXEL, _PIXEL, _OPEN_ROUTE)
_REDIRECT = reply(302, PRIVATE)
_REFUSED_METHOD = reply(405, [(b"allow", b"GET, HEAD"), *PRIVATE])
_NOT_ALLOWED = {route[:3]: Hit(None, _REFUSED_METHOD, _REFUSED_METHOD, route) for route in (_OPEN_ROUTE, _CLICK_ROUTE)}
_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"
# The values of words that stand in every line: an enum's `value` is a call.
_OPENED, _CLICKED = EventKind.OPENED.value, EventKind.CLICKED.value


class Hits:
    """Answers `/o/{token}.gif` and `/c/{token}`.

    Args:
        parts: The receiver's parts.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def answer(self, path: str, who: Asker) -> Hit | None:
        """Return what a request comes to; None where a link's destination must be looked for in the database first.

        A forged pixel gets the pixel too, but nothing is noted.
        """
        if who.method != "GET" and who.method != "HEAD":
            return _NOT_ALLOWED[path[:3]]
        if path.startswith("/o/"):
            claims = self._parts.signer.verify(path[3:].removesuffix(".gif"), Purpose.OPEN)
            return _FORGED_PIXEL if claims is None else Hit(self._line(_OPENED, who, claims), _PIXEL, _PIXEL_UNNOTED, _OPEN_ROUTE)
        claims = self._parts.signer.verify(path[3:], Purpose.CLICK)
        if claims is None:
            broken = _page(broken_link())
            return Hit(None, broken, broken, _CLICK_ROUTE)
        if claims.link_id == 0:
            return self._click(who, claims, _page(hidden_link()))
        found = self._parts.destinations.known(claims.link_id)
        return None if found is None else self._click(who, claims, self._redirect(found, claims))

    async def asgi(self, scope: Scope, send: Send) -> None:
        """Answer one request of any ASGI server."""
        path, who = scope["path"], asker(scope)
        hit = self.answer(path, who) or await self._look_for(path, who)
        [chosen] = self.keep([hit])
        await send({"type": "http.response.start", "status": chosen.status, "headers": chosen.headers})
        await send({"type": "http.response.body", "body": b"" if who.method == "HEAD" else chosen.body})

    def keep(self, hits: Sequence[Hit]) -> list[Reply]:
        """Write the lines of some hits at once, count them, and return the answers that may leave now."""
        records = [hit.record for hit in hits if hit.record is not None]
        noted = not records or self._parts.notes.hits(records)
        replies = [hit.reply if noted or hit.record is None else hit.unnoted for hit in hits]
        for hit, chosen in zip(hits, replies, strict=True):
            self._parts.metrics.count(hit.route, chosen.status)
        return replies

    async def _look_for(self, path: str, who: Asker) -> Hit:
        """Return what a click on a link made since the last look comes to; a link that leads nowhere is noted too."""
        claims = self._parts.signer.verify(path[3:], Purpose.CLICK)
        assert claims is not None, "only genuine links are looked for"
        found = await asyncio.to_thread(self._parts.destinations.get, claims.link_id)
        return self._click(who, claims, _page(lost_link()) if found is None else self._redirect(found, claims))

    def _click(self, who: Asker, claims: TokenClaims, leads_on: Reply) -> Hit:
        """The reader waits for the page: a click leads on also when its line has to wait for room on the disk."""
        return Hit(self._line(_CLICKED, who, claims), leads_on, leads_on, _CLICK_ROUTE)

    def _redirect(self, found: Destination, claims: TokenClaims) -> Reply:
        url = _quoted(found.url)
        if found.append_token:
            url = self._parts.urls.landing(url, claims.message_id, claims.link_id)
        return with_header(_REDIRECT, b"location", url.encode())

    def _line(self, kind: str, who: Asker, claims: TokenClaims) -> EventRecord:
        """Return what `event_record` would, in a fraction of the time."""
        at = self._parts.clock.now().isoformat(timespec="microseconds")
        record: EventRecord = {"kind": kind, "at": at, "source": "receiver", "message_id": claims.message_id}
        if claims.link_id or kind == _CLICKED:
            record["link_id"] = claims.link_id  # 0 is the link that people can't see
        if who.ip:
            record["ip"] = who.ip
        if who.user_agent:
            record["user_agent"] = who.user_agent
        record["method"] = who.method
        return record


@lru_cache(maxsize=4096)
def _quoted(url: str) -> str:
    return quote(url, safe=_URL_CHARACTERS)  # nothing in it can end the header line


def _page(page: Page) -> Reply:
    status, body = page
    return reply(status, PAGE_HEADERS, body)
