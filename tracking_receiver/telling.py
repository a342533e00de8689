"""`/metrics`: numbers for Prometheus, told to this machine, or to whoever brings the token."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from tracking_receiver import pages
from tracking_receiver.answers import show
from tracking_receiver.headers import PRIVATE, as_text
from tracking_receiver.metrics import CONTENT_TYPE, Metrics
from tracking_receiver.places import is_this_machine

_HEADERS = {**as_text(PRIVATE), "content-type": CONTENT_TYPE}
# A proxy that says for whom it speaks: whoever asks is not of this machine, although the connection is.
_FORWARDED = frozenset({"forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip", "x-client-ip", "fastly-client-ip"})


def telling(metrics: Metrics, token: str) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler.

    Args:
        metrics: The numbers.
        token: What has to be brought as bearer; empty lets this machine alone in.
    """

    async def handle(request: Request) -> Response:
        if not _may_know(request, token):
            return show(pages.not_here())  # as if it were not there
        return Response(metrics.text(), 200, _HEADERS)

    return handle


def _may_know(request: Request, token: str) -> bool:
    if token:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode("utf-8", "replace"), token.encode())
    is_forwarded = any(name in _FORWARDED or name.startswith("x-forwarded-") for name in request.headers)
    is_meant = (request.url.hostname or "") == "localhost" or is_this_machine(request.url.hostname or "")
    return not is_forwarded and is_meant and request.client is not None and is_this_machine(request.client.host)
