"""The outermost layer of the API, as plain ASGI: headers on every answer, HEAD, and addresses that end in a slash."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_FIXED = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow",
    "Cache-Control": "no-store",
    "Vary": "Authorization, Origin",
}


class Edge:
    """Puts headers on every answer that does not bring its own, and answers HEAD like GET without the body.

    Args:
        app: What answers.
        base: Where the API is, without a slash at the end.
        shares: Whether pages from elsewhere may read answers (CORS).
    """

    def __init__(self, app: ASGIApp, *, base: str, shares: bool) -> None:
        self._app, self._base = app, base
        self._headers = {**_FIXED, **({"Cross-Origin-Resource-Policy": "cross-origin"} if shares else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        path = str(scope["path"])
        if len(path) > len(self._base) + 1 and path.endswith("/"):
            path = path[:-1]
        scope = {**scope, "path": path, "method": "GET" if is_head else scope["method"]}

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            elif is_head:
                message = {**message, "body": b""}
            await send(message)

        await self._app(scope, receive, with_headers)
