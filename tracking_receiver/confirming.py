"""`/f/confirm/{token}`: the mail's link shows a button, and only pressing it confirms; mail scanners follow links, they press nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from core.contacts.consent.evidence import ConsentMethod
from core.contacts.hosted.lines import Confirmation, evidence_of, line_of
from core.contacts.hosted.markup import Frame, HostedPage, button, paragraph
from core.contacts.hosted.words import preferred, words
from tracking_receiver import pages
from tracking_receiver.answers import present, show
from tracking_receiver.asking import asker
from tracking_receiver.bodies import TooLarge, TooSlow, read_body
from tracking_receiver.forms import has_gpc
from tracking_receiver.parts import Parts

_LONGEST_TOKEN = 100


def confirming(parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler. While the database is away a confirmation is noted unseen; what comes of it the ingester finds out."""

    async def handle(request: Request) -> Response:
        token = request.path_params["token"]
        if len(token) > _LONGEST_TOKEN or not token.isascii() or not token.isprintable():
            return show(pages.broken_link())
        pending = await parts.lookups.pending(token)
        workspace, language = pending or ("", preferred(request.headers.get("accept-language", "")))
        language = language or preferred(request.headers.get("accept-language", ""))
        frame = Frame(workspace, language)
        if pending is not None and not workspace:
            wait = parts.limiter.stranger(asker(dict(request.scope)).ip)
            return show(pages.too_often()) if wait else present(_gone(frame))
        if request.method != "POST":
            return present(_question(frame))
        try:
            await read_body(request)
        except TooLarge:
            return show(pages.too_large())
        except TooSlow:
            return show(pages.too_slow())
        who = asker(dict(request.scope))
        evidence = evidence_of(ConsentMethod.DOUBLE_OPT_IN, "", who.ip, who.user_agent)
        asked = Confirmation(parts.clock.now(), token, has_gpc(request), evidence)
        if not await parts.notes.wish(line_of(asked)):
            return show(pages.not_noted())
        return present(_done(frame))

    return handle


def _question(frame: Frame) -> HostedPage:
    told = words(frame.language)
    return frame.page(
        told["confirm_title"], f'{paragraph(told["confirm_text"])}<form method="post">{button(told["confirm"], "confirm", "yes")}</form>'
    )


def _done(frame: Frame) -> HostedPage:
    told = words(frame.language)
    return frame.page(told["confirmed"], paragraph(told["confirmed_text"]))


def _gone(frame: Frame) -> HostedPage:
    told = words(frame.language)
    return frame.page(told["link_gone"], paragraph(told["link_gone_text"]), 404)
