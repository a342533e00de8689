"""What every request goes through on its way to a route: who asks, how often, may they, is it readable, was it done before."""

from __future__ import annotations

import asyncio
import functools
import hashlib
import sys
from collections.abc import Callable, Coroutine
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from core.api.callers import Caller, Stranger, admit, admit_stranger
from core.api.front import Front
from core.api.idempotency import Answer
from core.api.problems import Refusal, answer_to
from core.permissions import Permission

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

LARGEST_BODY = 1024 * 1024
LONGEST_SECONDS = 30.0
# A large body takes room from others while it arrives: after a while it must have come at this pace, so none can drip.
_SLOWEST_BYTES, _SLOW_SECONDS = 64 * 1024, 5.0
PERMISSION, OTHER, OPEN, LARGEST = "x-permission", "x-other-permission", "x-open-to-everybody", "x-largest-body"
_CHANGES = frozenset({"PATCH", "PUT", "DELETE"})
_WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
_KEPT_HEADERS = ("content-type", "location")


def needs(permission: Permission, *, other: Permission | None = None, largest_body: int = LARGEST_BODY) -> dict[str, Any]:
    """Return what makes a route ask for a permission, and its documentation say so; for `openapi_extra`.

    Args:
        permission: Which.
        other: Another one that is enough in its place, though it may show less.
        largest_body: How many bytes a body may have, where that is more than usual.
    """
    more: dict[str, Any] = {LARGEST: largest_body} if largest_body > LARGEST_BODY else {}
    return {PERMISSION: permission.value, **({OTHER: other.value} if other else {}), **more}


# For routes that anybody with a token may use, and for those that are open to everybody.
ANYBODY: dict[str, Any] = {PERMISSION: None}
EVERYBODY: dict[str, Any] = {PERMISSION: None, OPEN: True, "security": []}


class Door(APIRoute):
    """A route of the API."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, _written(endpoint, options.get("status_code") or 200), **options)

    @property
    def permission(self) -> Permission | None:
        """What this route asks for, or None."""
        named = (self.openapi_extra or {})[PERMISSION]
        return None if named is None else Permission(named)

    @property
    def other(self) -> Permission | None:
        """What is enough in its place, or None."""
        named = (self.openapi_extra or {}).get(OTHER)
        return None if named is None else Permission(named)

    @property
    def is_open(self) -> bool:
        """Whether it can be used without a token."""
        return bool((self.openapi_extra or {}).get(OPEN))

    @property
    def largest_body(self) -> int:
        """How many bytes a body may have."""
        return int((self.openapi_extra or {}).get(LARGEST, LARGEST_BODY))

    def get_route_handler(self) -> Handle:
        """Return what answers: the route itself behind all that is asked first."""
        handle = super().get_route_handler()

        async def through(request: Request) -> Response:
            request.state.caller = None
            try:
                response = await self._pass(request, handle)
            except Exception as error:  # the edge of the API: every failure becomes a problem here
                response = answer_to(error, request)
            caller: Caller | Stranger | None = request.state.caller
            if caller is not None:
                for name, value in caller.standing.headers.items():
                    response.headers.setdefault(name, value)
            return response

        return through

    async def _pass(self, request: Request, handle: Handle) -> Response:
        front: Front = request.app.state.front
        enter = admit_stranger if self.is_open else admit
        caller: Caller | Stranger = await run_in_threadpool(enter, front.services, front.rates, request)
        request.state.caller = caller
        if isinstance(caller, Caller) and self.permission is not None:
            caller.by.require_either(self.permission, self.other or self.permission)
        self._check_address(request)
        if _size(request) <= LARGEST_BODY or self.largest_body == LARGEST_BODY:
            return await self._answer(request, handle, front, caller)
        async with front.room_for_large(caller.by.workspace_id if isinstance(caller, Caller) else 0):
            return await self._answer(request, handle, front, caller)

    async def _answer(self, request: Request, handle: Handle, front: Front, caller: Caller | Stranger) -> Response:
        if request.method in _WITH_BODY:
            await _read(request, self.largest_body, is_expected=self.body_field is not None)
        if request.method == "GET":
            return _tagged(request, await handle(request))
        if request.method in _CHANGES and (wanted := request.headers.get("if-match")):
            async with front.alone(request.url.path):
                await self._require_unchanged(request, front, wanted)
                return await handle(request)
        key = request.headers.get("idempotency-key")
        if request.method == "POST" and key is not None and isinstance(caller, Caller):
            return await _once(request, handle, front, caller, key)
        return await handle(request)

    def _check_address(self, request: Request) -> None:
        """Refuse what this route does not know: a misspelt filter that is passed over would show, or mail, everybody.

        Raises:
            Refusal: 422.
        """
        known = {field.alias for field in self.dependant.query_params}
        for name, value in request.query_params.multi_items():
            if name not in known:
                hint = f"There are: {', '.join(sorted(known))}." if known else "This takes none."
                raise Refusal("invalid", "The address has a parameter that is not known here.", hint=hint)
            if "\x00" in value:
                raise Refusal("invalid", f"query.{name}: it holds a NUL character.", hint="Leave it out.")

    async def _require_unchanged(self, request: Request, front: Front, wanted: str) -> None:
        """Compare with what reading the same address answers now.

        Raises:
            Refusal: 412 if it is another version.
        """
        read = front.readers.get(self.path_format)
        if read is None or wanted.strip() == "*":
            return
        scope = {**request.scope, "method": "GET"}
        current = await read(Request(scope, request.receive))
        if current.status_code == 200 and tag_of(bytes(current.body)) not in _tags(wanted):
            raise Refusal("changed", "It is no longer what you read.", hint="Read it again, then repeat your change.")

    def reader(self) -> Handle:
        """Return what answers without asking who it is: to look at the version a change is about."""
        return super().get_route_handler()


def _written(endpoint: Callable[..., Any], status: int) -> Callable[..., Any]:
    """Let what a route returns be written as JSON where it was made.

    The framework would check our own answers once more, in another thread; that they fit the document is for tests to see.
    """

    @functools.wraps(endpoint)
    def answer(**given: Any) -> Any:
        found = endpoint(**given)
        if not isinstance(found, BaseModel):
            return found
        response = Response(found.__pydantic_serializer__.to_json(found), status, media_type="application/json")
        for noted in given.values():
            if isinstance(noted, Response):  # where the route put headers of its own
                response.headers.update(noted.headers)
        return response

    return answer


def tag_of(body: bytes) -> str:
    """Return the ETag of an answer."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def _tags(header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}


def _tagged(request: Request, response: Response) -> Response:
    if response.status_code != 200 or isinstance(response, StreamingResponse):  # what is read while it is sent has no tag yet
        return response
    tag = tag_of(bytes(response.body))
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    known = _tags(request.headers.get("if-none-match", ""))
    if tag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return response


async def _read(request: Request, largest: int, *, is_expected: bool) -> None:
    """Read the body within its bounds and, where one is expected, as JSON.

    Raises:
        Refusal: If it is too large, too slow, not JSON, or holds text that can't be kept.
    """
    is_large = largest > LARGEST_BODY and _size(request) > LARGEST_BODY
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


def _size(request: Request) -> int:
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


async def _once(request: Request, handle: Handle, front: Front, caller: Caller, key: str) -> Response:
    """Answer a request that may have been sent before under the same key."""
    told = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + await request.body()
    claim = await run_in_threadpool(front.keys.claim, caller.by, key, told)
    if isinstance(claim, Answer):
        return Response(claim.body, claim.status, {**claim.headers, "Idempotent-Replayed": "true"})
    try:
        response = await handle(request)
    except Exception as error:
        response = answer_to(error, request)
    except BaseException:
        await run_in_threadpool(front.keys.forget, claim)
        raise
    if response.status_code >= 500:
        await run_in_threadpool(front.keys.forget, claim)
    else:
        headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
        await run_in_threadpool(front.keys.keep, claim, Answer(response.status_code, bytes(response.body), headers))
    return response
