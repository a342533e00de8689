"""The app's own HTTP routes: setting and clearing the session cookie, emails on show, exports, health, static files."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from core.api.app import mount
from core.errors import Denied
from core.storage.migrate import is_current
from core.ui.services import services
from core.ui.web.cookies import session_cookie, token_among
from core.ui.web.export_route import export
from core.ui.web.frames import FRAMES
from core.ui.web.gate import is_our_page
from core.ui.web.provider_doors import forget_provider

_log = logging.getLogger(__name__)
_STATIC = Path(__file__).parents[1] / "static"
_LARGEST_BODY = 4096
_LONGEST_SECONDS = 10.0
_NO_STORE = {"Cache-Control": "no-store"}


async def open_session(request: Request) -> Response:
    """Exchange a ticket for the session cookie; the ticket is good once, and only from our own pages."""
    if not _from_our_page(request):
        return _refused("This request did not come from the app.")
    ticket = await _ticket(request)
    try:
        token = await run_in_threadpool(services().sessions.redeem, ticket, _ip(request), request.headers.get("user-agent", ""))
    except Denied as error:
        return _refused(str(error))
    await run_in_threadpool(services().sessions.revoke, _token(request))  # what this browser had before must not live on unseen
    cookie = session_cookie(request.headers["origin"])
    answer = JSONResponse({"signed_in": True}, headers=_NO_STORE)
    answer.set_cookie(cookie.name, token, path="/", secure=cookie.secure, httponly=True, samesite="lax")
    forget_provider(request, answer)
    return answer


async def session_state(request: Request) -> Response:
    """Tell whether the browser's cookie arrives and is good; the page asks after signing in, because cookies may be dropped."""
    signed_in = await run_in_threadpool(services().sessions.resolve, _token(request)) is not None
    return JSONResponse({"signed_in": signed_in}, status_code=200 if signed_in else 401, headers=_NO_STORE)


async def close_session(request: Request) -> Response:
    """End the session and clear its cookie."""
    if not _from_our_page(request):
        return _refused("This request did not come from the app.")
    await run_in_threadpool(services().sessions.revoke, _token(request))
    cookie = session_cookie(request.headers["origin"])
    answer = JSONResponse({"signed_in": False}, headers=_NO_STORE)
    answer.delete_cookie(cookie.name, path="/", secure=cookie.secure, httponly=True, samesite="lax")
    forget_provider(request, answer)
    return answer


async def frame(request: Request) -> Response:
    """Show an email to the session that put it on show, under the email's own policy."""
    token = _token(request)
    known = await run_in_threadpool(services().sessions.resolve, token)
    found = FRAMES.get(token, request.path_params["name"]) if known and not known.needs_two_factor else None
    if found is None:
        return PlainTextResponse("This email is no longer on show. Load the page again.", status_code=404)
    body, policy = found
    headers = {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer", **_NO_STORE}
    return Response(body, media_type="text/html; charset=utf-8", headers=headers)


async def healthz(_: Request) -> Response:
    """Answer as long as the process lives."""
    return PlainTextResponse("ok", headers=_NO_STORE)


async def readyz(_: Request) -> Response:
    """Answer 200 once the database answers and has the newest shape, 503 otherwise."""
    try:
        ready = await run_in_threadpool(is_current, services().db)
    except Exception as error:  # whatever it is, the answer is "not ready"
        _log.warning("not ready", extra={"kind": type(error).__name__})
        ready = False
    return PlainTextResponse("ready" if ready else "not ready", status_code=200 if ready else 503, headers=_NO_STORE)


async def favicon(_: Request) -> Response:
    """Answer with our icon in place of the framework's."""
    return FileResponse(_STATIC / "icon.png", headers={"Cache-Control": "public, max-age=86400"})


ROUTES: list[BaseRoute] = [
    Route("/auth/session", open_session, methods=["POST"]),
    Route("/auth/session", session_state, methods=["GET"]),
    Route("/auth/logout", close_session, methods=["POST"]),
    Route("/frames/{name}", frame, methods=["GET"]),
    Route("/exports/{name}", export, methods=["GET"]),
    Route("/healthz", healthz),
    Route("/readyz", readyz),
    Route("/favicon.png", favicon),
    *mount(services),
    Mount("/assets", StaticFiles(directory=_STATIC), name="assets"),
]


def _from_our_page(request: Request) -> bool:
    """Return whether the browser says that a page of this very host sent the request, and a script did it on purpose."""
    return is_our_page(request) and request.headers.get("x-requested-with") == "postwright"


async def _ticket(request: Request) -> str:
    body = b""
    try:
        async with asyncio.timeout(_LONGEST_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _LARGEST_BODY:
                    return ""
        value = json.loads(body)
    except (TimeoutError, ValueError):
        return ""
    ticket = value.get("ticket") if isinstance(value, dict) else None
    return ticket if isinstance(ticket, str) else ""


def _token(request: Request) -> str:
    return token_among(request.cookies, request.headers.get("origin", ""))


def _ip(request: Request) -> str:
    return request.client.host if request.client else ""


def _refused(words: str) -> Response:
    return JSONResponse({"error": words}, status_code=403, headers=_NO_STORE)
