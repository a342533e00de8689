"""What every request goes through on its way to a route: who asks, how often, may they, is it readable, was it done before."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from core.api.bodies import LARGEST_BODY, read_json, size_of
from core.api.callers import Caller, Stranger, admit, admit_stranger
from core.api.front import Front
from core.api.idempotency import Answer
from core.api.problems import Refusal, answer_to
from core.api.uploads import LARGEST_FILE, receive, too_large
from core.contacts.imports.files.folders import private_folder
from core.permissions import Permission

Handle = Callable[[Request], Coroutine[Any, Any, Response]]

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

    @property
    def takes_file(self) -> bool:
        """Whether its body is a file, of any kind."""
        return bool((self.openapi_extra or {}).get("x-file"))

    @property
    def takes_form(self) -> bool:
        """Whether that file may also be the one file of a form."""
        return bool((self.openapi_extra or {}).get("x-form"))

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
        if self.takes_file:
            return await self._with_file(request, handle, front, caller)
        if size_of(request) <= LARGEST_BODY or self.largest_body == LARGEST_BODY:
            return await self._answer(request, handle, front, caller)
        async with front.room_for_large(caller.by.workspace_id if isinstance(caller, Caller) else 0):
            return await self._answer(request, handle, front, caller)

    async def _with_file(self, request: Request, handle: Handle, front: Front, caller: Caller | Stranger) -> Response:
        declared = request.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > LARGEST_FILE:
            raise too_large()
        async with front.room_for_files(caller.by.workspace_id if isinstance(caller, Caller) else 0):
            with private_folder(front.services.settings.uploads_dir) as folder:
                await receive(request, folder, takes_form=self.takes_form)
                return await self._carry_out(request, handle, front, caller)

    async def _answer(self, request: Request, handle: Handle, front: Front, caller: Caller | Stranger) -> Response:
        if request.method in _WITH_BODY:
            await read_json(request, self.largest_body, is_expected=self.body_field is not None)
        if request.method == "GET":
            return _tagged(request, await handle(request))
        return await self._carry_out(request, handle, front, caller)

    async def _carry_out(self, request: Request, handle: Handle, front: Front, caller: Caller | Stranger) -> Response:
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
