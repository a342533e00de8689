"""Bodies of requests: read within their bounds, in time, and as JSON."""

from __future__ import annotations

import asyncio
import sys

import orjson
from fastapi import Request

from core.api.problems import Refusal

LARGEST_BODY = 1024 * 1024
LONGEST_SECONDS = 30.0
# A large body takes room from others while it arrives: after a while it must have come at this pace, so none can drip.
_SLOWEST_BYTES, _SLOW_SECONDS = 64 * 1024, 5.0


async def read_json(request: Request, largest: int, *, is_expected: bool) -> None:
    """Read the body within its bounds and, where one is expected, as JSON.

    Raises:
        Refusal: If it is too large, too slow, not JSON, or holds text that can't be kept.
    """
    is_large = largest > LARGEST_BODY and size_of(request) > LARGEST_BODY
    body = await _body(request, largest, _SLOW_SECONDS if is_large else LONGEST_SECONDS)
    if not is_expected or not body:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal("media-type", "The body has to be JSON.", hint="Send `Content-Type: application/json`.")
    try:
        value = orjson.loads(body)  # refuses lone surrogates, NaN and endless nesting, which Python's own reader takes
    except orjson.JSONDecodeError as error:
        raise Refusal("malformed", f"The body is not JSON: {error.msg[:80]} at {error.pos}.", hint="Check its commas and quotes.") from None
    if b"\\u0000" in body and _holds_nul(value):
        raise Refusal("invalid", "A text in the body holds a NUL character.", hint="Leave it out.")
    request._json = value


def size_of(request: Request) -> int:
    """Return how long a body says it is; one that does not say may be of any length."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal():
        return int(declared)
    return sys.maxsize if "transfer-encoding" in request.headers else 0


async def _body(request: Request, largest: int, seconds: float) -> bytes:
    """Return the body, if it is here within some seconds, or so many more as its bytes are worth."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > largest:
        raise _too_large(largest)
    body, began = bytearray(), asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(seconds) as limit:
            async for chunk in request.stream():
                body += chunk
                limit.reschedule(began + min(LONGEST_SECONDS, seconds + len(body) / _SLOWEST_BYTES))
                if len(body) > largest:
                    raise _too_large(largest)
    except TimeoutError:
        raise Refusal("timeout", "The body did not arrive in time.", hint="Send it again.") from None
    request._body = bytes(body)
    return request._body


def _too_large(largest: int) -> Refusal:
    return Refusal("too-large", f"A body can have {largest >> 20} MiB here.", hint="Send less at once.", headers={"Connection": "close"})


def _holds_nul(value: object) -> bool:
    waiting = [value]  # no call in itself: a body may be nested deeper than Python calls
    while waiting:
        one = waiting.pop()
        if isinstance(one, str) and "\x00" in one:
            return True
        if isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one
    return False
