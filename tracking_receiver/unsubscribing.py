"""`/u/{token}`: looking never unsubscribes, posting does: the page's button and the one-click POST of RFC 8058 alike."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from core.links.tokens import Purpose
from core.storage.event_words import EventKind
from tracking_receiver import pages
from tracking_receiver.answers import show
from tracking_receiver.asking import seen
from tracking_receiver.bodies import TooLarge, TooSlow, read_body
from tracking_receiver.lookups import Lookups
from tracking_receiver.parts import Parts

_ONE_CLICK = b"One-Click"  # the body is `List-Unsubscribe=One-Click`, urlencoded or as multipart (RFC 8058, 3.1)

Handler = Callable[[Request], Awaitable[Response]]


def unsubscribing(parts: Parts, lookups: Lookups, purpose: Purpose) -> Handler:
    """Return the handler for links of this purpose.

    A genuine POST unsubscribes whatever its body says: a mailbox provider's odd spelling must not keep anybody subscribed. It is
    answered once it is in the journal and the sender knows of it, so that nothing more leaves.
    """

    async def handle(request: Request) -> Response:
        claims = parts.signer.verify(request.path_params["token"], purpose)
        if claims is None:
            return show(pages.broken_link())
        if request.method != "POST":
            return show(pages.ask_to_unsubscribe(await lookups.workspace_name(claims.message_id)))
        try:
            how = "one_click" if _ONE_CLICK in await read_body(request) else "unsubscribe_page"
        except TooLarge:
            return show(pages.too_large())
        except TooSlow:
            return show(pages.too_slow())
        record = seen(parts, EventKind.UNSUBSCRIBED, dict(request.scope), claims.message_id, reason=how)
        if not await parts.notes.wish(record):
            return show(pages.not_noted())
        await parts.stopping.reader_of(claims.message_id, datetime.fromisoformat(record["at"]))
        return show(pages.unsubscribed(await lookups.workspace_name(claims.message_id)))

    return handle
