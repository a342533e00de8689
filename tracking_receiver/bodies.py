"""Reading a request's body: no more than a limit, no longer than a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

import orjson
from python_multipart.multipart import parse_options_header
from starlette.exceptions import HTTPException
from starlette.requests import Request

BODY_LIMIT = 64 * 1024
BODY_SECONDS = 10.0
_FIELDS = 20
_VALUES = 100
_CHARSETS = (b"utf-8", b"utf8")
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


class TooLarge(Exception):
    """The body passes the limit; it was not read to its end."""


class TooSlow(Exception):
    """The body did not arrive in time."""


class WrongType(Exception):
    """The body is not of a type that is read here."""


class Malformed(Exception):
    """The body is not what its content type says."""


async def read_body(
    request: Request, limit: int = BODY_LIMIT, seconds: float = BODY_SECONDS, taken: Callable[[int], None] | None = None
) -> bytes:
    """Return the body.

    Args:
        request: The request.
        limit: How long it may be, in bytes.
        seconds: How long it may take.
        taken: Told of every part how long it is, before it is kept; what it raises ends the reading.

    Raises:
        TooLarge: If it is announced or found to pass the limit.
        TooSlow: If it has not arrived after that many seconds.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise TooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                if taken is not None:
                    taken(len(chunk))
                body += chunk
                if len(body) > limit:
                    raise TooLarge
    except TimeoutError as error:
        raise TooSlow from error
    return bytes(body)


async def fields_of(request: Request, body: bytes) -> dict[str, str]:
    """Return the fields of a form (urlencoded or multipart) or of a flat JSON object, as text.

    Raises:
        Malformed: If the body can't be read as its content type.
    """
    if not body.strip():
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        return _json_fields(body)
    try:
        fields = await _texts(request, body, _FIELDS)
    except (HTTPException, ValueError) as error:
        raise Malformed from error
    return dict(fields)


async def values_of(request: Request, body: bytes, most: int = _VALUES) -> dict[str, list[str]]:
    """Return the fields of a form, each with everything that was sent by its name.

    Args:
        request: The request.
        body: Its body.
        most: How many fields it may have.

    Raises:
        WrongType: If it was not sent as a form.
        Malformed: If the body can't be read as its content type, is no UTF-8, or has more fields than any form of ours.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _FORM_TYPES:
        raise WrongType
    try:
        if kind == _FORM_TYPES[0]:
            return parse_qs(body.decode(), keep_blank_values=True, max_num_fields=most, errors="strict")
        fields = await _texts(request, body, most)
    except (HTTPException, ValueError) as error:
        raise Malformed from error
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name, []).append(value)
    return found


async def _texts(request: Request, body: bytes, most: int) -> list[tuple[str, str]]:
    """Return the fields of a form that are texts.

    Raises:
        ValueError: If they are said to be in another charset than UTF-8, or hold half a character, which nothing can write down.
    """
    _, options = parse_options_header(request.headers.get("content-type", ""))
    if options.get(b"charset", b"utf-8").lower() not in _CHARSETS:
        raise ValueError
    form = await Request(request.scope, _again(body)).form(max_files=0, max_fields=most)
    texts = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
    for name, value in texts:
        name.encode(), value.encode()
    return texts


def _json_fields(body: bytes) -> dict[str, str]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Malformed from error
    if not isinstance(found, dict):
        raise Malformed
    return {name: str(value) for name, value in found.items() if isinstance(value, str | int | float) and not isinstance(value, bool)}


def _again(body: bytes) -> Callable[[], Awaitable[MutableMapping[str, Any]]]:
    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
