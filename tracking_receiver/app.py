"""The receiver as one ASGI application: the hot path first, everything else through Starlette's routes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from core.links.tokens import Purpose
from tracking_receiver import pages
from tracking_receiver.answers import show, tell
from tracking_receiver.confirming import confirming
from tracking_receiver.converting import Conversions, converting
from tracking_receiver.edge import Edge
from tracking_receiver.forms import SignUpForms
from tracking_receiver.headers import MESSAGE_HEADERS, as_text
from tracking_receiver.hits import Hits, Send
from tracking_receiver.lane import Lane
from tracking_receiver.learning import keepers_of
from tracking_receiver.parts import Parts
from tracking_receiver.pictures import showing
from tracking_receiver.preferring import preferring
from tracking_receiver.telling import telling
from tracking_receiver.unsubscribing import unsubscribing
from tracking_receiver.webhooks import Reporting

_log = logging.getLogger(__name__)
_FLUSH_SECONDS = 1.0

Receive = Callable[[], Awaitable[dict[str, Any]]]


class Receiver:
    """The ASGI application.

    Args:
        parts: What it works with; closed when the server stops.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._hits = Hits(parts)
        self._reporting = Reporting(parts)
        self._sign_ups = SignUpForms(parts)
        routes = Starlette(
            routes=self._routes(),
            lifespan=self._lifespan,
            exception_handlers={HTTPException: _refuse, ClientDisconnect: _let_go, Exception: _apologise},
        )
        routes.router.redirect_slashes = False  # our links have none; making the other address fails at bytes that are no text
        self._rest = Edge(routes, parts)
        self.lane = Lane(self._hits, Conversions(parts), parts.notes, self._rest)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request."""
        path = scope.get("path", "")
        if path.startswith(("/o/", "/c/")):
            await self._hits.asgi(scope, send)
        else:
            await self._rest(scope, receive, send)  # type: ignore[arg-type]

    def _routes(self) -> list[Route]:
        parts, lookups = self._parts, self._parts.lookups
        both = ["GET", "POST"]
        return [
            Route("/u/{token}", unsubscribing(parts, lookups, Purpose.UNSUBSCRIBE), methods=both),
            Route("/p/{token}", preferring(parts), methods=both),
            Route("/v/preview", _preview),
            Route("/v/{token}", self._view),
            Route("/e/{token}", converting(parts), methods=both),
            Route("/i/{workspace}/{picture}", showing(parts.pictures_dir)),
            Route("/f/confirm/{token}", confirming(parts), methods=both),
            Route("/f/{key}", self._sign_ups.answer, methods=both),
            Route("/webhooks/{provider}/{key}", self._reporting.answer, methods=both),
            Route("/healthz", self._healthz),
            Route("/readyz", self._readyz),
            Route("/metrics", telling(parts.metrics, parts.metrics_token)),
        ]

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        keepers = keepers_of(self._parts.destinations, self._parts.doors, self._parts.forms)
        for keeper in keepers:
            await asyncio.to_thread(keeper.start)
        flushing = asyncio.create_task(self._flush_now_and_then())
        yield
        flushing.cancel()
        with suppress(asyncio.CancelledError):
            await flushing
        for keeper in keepers:
            await asyncio.to_thread(keeper.stop)
        self._reporting.close()
        self._sign_ups.close()
        self._parts.close()

    async def _flush_now_and_then(self) -> None:
        """Write what a full disk left in memory, without waiting for the next hit."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await asyncio.to_thread(self._parts.notes.flush)
            await asyncio.to_thread(self._parts.metrics.leave)

    async def _view(self, request: Request) -> Response:
        claims = self._parts.signer.verify(request.path_params["token"], Purpose.VIEW)
        if claims is None:
            return show(pages.broken_link())
        html = await self._parts.lookups.message_html(claims.message_id)
        return show(pages.lost_message()) if html is None else Response(html, 200, as_text(MESSAGE_HEADERS))

    async def _healthz(self, _request: Request) -> Response:
        health = await asyncio.to_thread(self._parts.notes.health)
        status = "ok" if health.is_writable else "the journal can't be written: free some disk space"
        return tell(200 if health.is_writable else 503, {"status": status, "journal_backlog": health.waiting})

    async def _readyz(self, _request: Request) -> Response:
        """Without the database known links still lead on, but new ones would not: a balancer should prefer another."""
        health = await asyncio.to_thread(self._parts.notes.health)
        has_database = await self._parts.lookups.database_answers()
        is_ready = health.is_writable and has_database
        return tell(200 if is_ready else 503, {"ready": is_ready, "journal": health.is_writable, "database": has_database})


async def _preview(_request: Request) -> Response:
    return show(pages.test_message())


async def _refuse(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    answer = show(pages.not_here())
    answer.status_code = status
    return answer


async def _let_go(_request: Request, _error: Exception) -> Response:
    """The client hung up in the middle of its own request: nobody reads this, but it is counted, and no fault of ours."""
    return Response(b"", 499)


async def _apologise(_request: Request, _error: Exception) -> Response:
    answer = show(pages.out_of_order())
    answer.status_code = 500
    return answer
