"""`/e/{token}`: a landing page reports a conversion, by the token that a tracked click brought it as `pw=`."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from core.links.tokens import Purpose
from core.storage.event_words import EventKind
from tracking_receiver.answers import tell
from tracking_receiver.asking import seen
from tracking_receiver.bodies import Malformed, TooLarge, TooSlow, fields_of, read_body
from tracking_receiver.headers import PRIVATE, as_text
from tracking_receiver.hits import PIXEL
from tracking_receiver.parts import Parts

_CURRENCY = re.compile(r"[A-Za-z]{3}")
_ORDER_ID_LIMIT = 200
_LARGEST_VALUE = 1e12
_GIF = {**as_text(PRIVATE), "content-type": "image/gif"}


class InvalidField(Exception):
    """A field can't be used; the text says which and what is expected."""


@dataclass(frozen=True)
class Conversion:
    """What was reported.

    Args:
        value: What it was worth, None if not said.
        currency: ISO 4217 letters, empty if not said.
        order_id: Makes a second report of the same order harmless; empty if not said.
    """

    value: float | None
    currency: str
    order_id: str


def converting(parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler. Fields come in the query, in a form, or as a JSON object: `value`, `currency`, `order_id`.

    GET answers a pixel, so that a thank-you page needs no script; HEAD changes nothing.
    """

    async def handle(request: Request) -> Response:
        claims = parts.signer.verify(request.path_params["token"], Purpose.CONVERSION)
        if claims is None:
            return tell(
                404, {"error": "This is not a conversion token.", "hint": "Pass on the `pw` value of the landing page's URL unchanged."}
            )
        if request.method == "HEAD":
            return Response(b"", 200, _GIF)
        try:
            reported = conversion_from(dict(request.query_params) | await fields_of(request, await read_body(request)))
        except (TooLarge, TooSlow, Malformed, InvalidField) as error:
            return _refusal(error)
        known = {"value": reported.value, "currency": reported.currency, "key": reported.order_id}
        record = seen(parts, EventKind.CONVERTED, dict(request.scope), claims.message_id, claims.link_id, **known)
        # Without an order number nothing would tell the second report from another purchase.
        if not await parts.notes.wish(record, keep=bool(reported.order_id)):
            return tell(
                503, {"error": "The conversion could not be noted.", "hint": "Send it again in a few minutes, with the same order_id."}
            )
        return Response(PIXEL, 200, _GIF) if request.method == "GET" else tell(200, {"recorded": True})

    return handle


def conversion_from(fields: Mapping[str, str]) -> Conversion:
    """Return what the fields say.

    Raises:
        InvalidField: If one can't be used.
    """
    currency, order_id = fields.get("currency", "").strip(), fields.get("order_id", "").strip()
    if currency and not _CURRENCY.fullmatch(currency):
        raise InvalidField("`currency` must be three letters, like EUR.")
    if len(order_id) > _ORDER_ID_LIMIT:
        raise InvalidField(f"`order_id` may have {_ORDER_ID_LIMIT} characters at most.")
    return Conversion(_value(fields.get("value", "").strip()), currency.upper(), order_id)


def _value(text: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidField("`value` must be a number with a point, like 19.90.") from error
    if not math.isfinite(value) or abs(value) > _LARGEST_VALUE:
        raise InvalidField("`value` is out of range.")
    return value


def _refusal(error: Exception) -> Response:
    if isinstance(error, TooLarge):
        return tell(413, {"error": "The request was larger than 64 KB."})
    if isinstance(error, TooSlow):
        return tell(408, {"error": "The request did not arrive in time."})
    return tell(400, {"error": str(error) or "The body is not what its content type says."})
