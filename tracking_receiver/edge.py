"""Around every route but the two of the hot path: who has to wait, who may call from elsewhere, and one line in the log.

Nothing personal is written down: no token, no address, no body, and of a path only which of our routes it is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from core.links.tokens import Purpose
from core.providers.webhook_catalogue import WEBHOOKS
from tracking_receiver import pages
from tracking_receiver.answers import show, tell
from tracking_receiver.headers import CROSS_ORIGIN
from tracking_receiver.limiting import Allowance
from tracking_receiver.parts import Parts
from tracking_receiver.places import network

_log = logging.getLogger("tracking_receiver.requests")
_LINES_A_MINUTE = 3000  # a storm must not fill the disk with lines about itself

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PURPOSES = {"u": Purpose.UNSUBSCRIBE, "p": Purpose.PREFERENCES, "v": Purpose.VIEW, "e": Purpose.CONVERSION}
_POLLED = frozenset({"/healthz", "/readyz", "/metrics"})  # every few seconds, by machines of ours: not limited, and no news
# Thousands of readers come from a mailbox provider's few addresses, and an address is a secret that can't be guessed.
_PICTURE = "/i/{picture}"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "86400",
}


@dataclass(frozen=True)
class _Asked:
    """What a request is for.

    Args:
        shape: Which route, with what is not ours replaced; "other" for none.
        token: What stands where a token belongs, or "".
        purpose: What that must be for, or None where the route has none.
    """

    shape: str
    token: str = ""
    purpose: Purpose | None = None


class Edge:
    """Wraps the routes.

    Args:
        app: The routes.
        parts: The receiver's parts.
    """

    def __init__(self, app: App, parts: Parts) -> None:
        self._app, self._parts = app, parts
        self._lines = Allowance(_LINES_A_MINUTE, time.monotonic)
        self._skipped = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or hand on what is none."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        asked, began, status = _asked(scope["path"]), time.perf_counter(), 0
        is_open = asked.purpose is Purpose.CONVERSION

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if is_open:
                    message["headers"] = [*message["headers"], *CROSS_ORIGIN]
            await send(message)

        try:
            answer = self._at_once(scope, asked)
            await (answer or self._app)(scope, receive, sending)
        finally:
            self.done(scope["method"], asked.shape, status, time.perf_counter() - began, _address(scope))
        return None

    def done(self, method: str, shape: str, status: int, seconds: float, address: str) -> None:
        """Count an answered request and write down what may be written of it."""
        self._parts.metrics.count(shape, status)
        if shape not in _POLLED and shape != _PICTURE:  # as many as there are hits
            self._write_down(method, shape, status, seconds, address)

    def _at_once(self, scope: Scope, asked: _Asked) -> Response | None:
        """Return the answer to what no route has to see."""
        if asked.purpose is Purpose.CONVERSION and scope["method"] == "OPTIONS":
            return Response(b"", 204, _PREFLIGHT)
        wait = self._wait(scope, asked)
        if not wait:
            return None
        too_often = "You asked too often. Please wait a moment and try again."
        answer = tell(429, {"error": too_often}) if asked.purpose is Purpose.CONVERSION else show(pages.too_often())
        answer.headers["retry-after"] = str(wait)
        return answer

    def _wait(self, scope: Scope, asked: _Asked) -> int:
        if (
            asked.shape in _POLLED or asked.shape == _PICTURE or asked.shape.startswith("/webhooks/")
        ):  # reports are counted after checking, when they are refused
            return 0
        address = _address(scope)
        if asked.shape.startswith("/f/"):
            return self._parts.limiter.visitor(address)
        if asked.purpose is None or self._parts.signer.verify(asked.token, asked.purpose) is None:
            return self._parts.limiter.stranger(address)
        looks_only = scope["method"] != "POST" and asked.purpose is not Purpose.CONVERSION
        return self._parts.limiter.genuine(asked.token, address, looks_only=looks_only)

    def _write_down(self, method: str, shape: str, status: int, seconds: float, address: str) -> None:
        if self._lines.take(""):
            self._skipped += 1
            return
        extra = {"skipped": self._skipped} if self._skipped else {}
        self._skipped = 0
        known = method if method in _METHODS else "other"
        _log.info("%s %s %d %.0f ms %s", known, shape, status, seconds * 1000, network(address), extra=extra)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _asked(path: str) -> _Asked:
    first, _, rest = path[1:].partition("/")
    if path in _POLLED or path == "/v/preview":
        return _Asked(path)
    if first in _PURPOSES and rest and "/" not in rest:
        return _Asked(f"/{first}/{{token}}", rest, _PURPOSES[first])
    if first == "f" and rest:
        return _Asked("/f/confirm/{token}" if rest.startswith("confirm/") else "/f/{form_key}")
    if first == "i":
        return _Asked(_PICTURE)
    if first == "webhooks":
        provider, _, _ = rest.partition("/")
        return _Asked(f"/webhooks/{provider if provider in WEBHOOKS else '{provider}'}/{{key}}")
    return _Asked("other")
