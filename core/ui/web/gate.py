"""What stands in front of Streamlit: nobody else's page gets a websocket, and nobody signed out may leave files here."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from core.ui.services import services
from core.ui.web.cookies import token_among

_UPLOADS = "/_stcore/upload_file/"
_POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Gate:
    """Refuses, as plain ASGI, what Streamlit would let in.

    Streamlit takes a websocket from any page on this machine (a cookie knows no ports, so it would be signed in), asks an
    outside host for our address whenever it meets a strange one, and takes uploads from whoever has opened a websocket.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may enter."""
        if scope["type"] == "websocket" and not _may_connect(HTTPConnection(scope)):
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        elif scope["type"] == "http" and not await _may_send(HTTPConnection(scope)):
            await PlainTextResponse("Sign in first.", status_code=403)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_our_page(connection: HTTPConnection) -> bool:
    """Return whether the browser says that a page of this very address asks."""
    host = connection.headers.get("host", "")
    return connection.headers.get("origin", "") in {f"http://{host}", f"https://{host}", services().settings.app_url}


def _may_connect(connection: HTTPConnection) -> bool:
    # Every browser says where a websocket's page is from (RFC 6455, section 4.1); what says nothing is a program of its own.
    return "origin" not in connection.headers or is_our_page(connection)


async def _may_send(connection: HTTPConnection) -> bool:
    if not connection.scope["path"].startswith(_UPLOADS) or connection.scope["method"] in _SAFE:
        return True
    token = token_among(connection.cookies, connection.headers.get("origin", ""))
    found = await run_in_threadpool(services().sessions.resolve, token) if token else None
    return found is not None and not found.needs_two_factor
