"""`/e/{token}`: a landing page reports a conversion, by the token that a tracked click brought it as `pw=`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from core.errors import InvalidInput
from core.links.conversions import Conversion, checked
from core.links.tokens import Purpose, TokenClaims
from core.storage.event_record import EventRecord
from core.storage.event_words import EventKind
from tracking_receiver.answers import tell
from tracking_receiver.asking import Asker, asker, seen_by
from tracking_receiver.bodies import Malformed, TooLarge, TooSlow, fields_of, read_body
from tracking_receiver.headers import CROSS_ORIGIN, PRIVATE, as_text
from tracking_receiver.hits import PIXEL, PIXEL_HEADERS
from tracking_receiver.parts import Parts
from tracking_receiver.replies import Reply, reply

_GIF = {**as_text(PRIVATE), "content-type": "image/gif"}
_NOT_NOTED = {"error": "The conversion could not be noted.", "hint": "Send it again in a few minutes, with the same order_id."}
_PIXEL = reply(200, [*PIXEL_HEADERS, *CROSS_ORIGIN], PIXEL)
_REFUSAL = reply(503, [(b"content-type", b"application/json"), *PRIVATE, *CROSS_ORIGIN], orjson.dumps(_NOT_NOTED))


@dataclass(frozen=True)
class Reported:
    """A conversion that can be noted.

    Args:
        record: Its line.
        keep: Whether the line waits in memory where the disk is full.
    """

    record: EventRecord
    keep: bool

    def reply(self, noted: bool) -> Reply:
        """Return the answer to a GET."""
        return _PIXEL if noted else _REFUSAL


class Conversions:
    """Knows what a reported conversion comes to.

    Args:
        parts: The receiver's parts.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def reported(self, token: str, fields: Mapping[str, str], who: Asker) -> Reported | None:
        """Return what is to be noted for somebody who need not wait; None for all that is refused."""
        claims = self._parts.signer.verify(token, Purpose.CONVERSION)
        if claims is None:
            return None
        try:
            reported = self.reported_by(claims, fields, who)
        except InvalidInput:
            return None
        return None if self._parts.limiter.genuine(token, who.ip, looks_only=False) else reported

    def reported_by(self, claims: TokenClaims, fields: Mapping[str, str], who: Asker) -> Reported:
        """Return what is to be noted for a genuine token.

        Raises:
            InvalidInput: If a field can't be used.
        """
        said = conversion_from(fields)
        known = {"value": said.value, "currency": said.currency, "key": said.order_id}
        record = seen_by(self._parts, EventKind.CONVERTED, who, claims.message_id, claims.link_id, **known)
        # Without an order number nothing would tell the second report from another purchase.
        return Reported(record, keep=bool(said.order_id))


def converting(parts: Parts) -> Callable[[Request], Awaitable[Response]]:
    """Return the handler. Fields come in the query, in a form, or as a JSON object: `value`, `currency`, `order_id`.

    GET answers a pixel, so that a thank-you page needs no script; HEAD changes nothing.
    """
    conversions = Conversions(parts)

    async def handle(request: Request) -> Response:
        claims = parts.signer.verify(request.path_params["token"], Purpose.CONVERSION)
        if claims is None:
            return tell(
                404, {"error": "This is not a conversion token.", "hint": "Pass on the `pw` value of the landing page's URL unchanged."}
            )
        if request.method == "HEAD":
            return Response(b"", 200, _GIF)
        try:
            fields = dict(request.query_params) | await fields_of(request, await read_body(request))
            reported = conversions.reported_by(claims, fields, asker(dict(request.scope)))
        except (TooLarge, TooSlow, Malformed, InvalidInput) as error:
            return _refusal(error)
        if not await parts.notes.wish(reported.record, keep=reported.keep):
            return tell(503, _NOT_NOTED)
        return Response(PIXEL, 200, _GIF) if request.method == "GET" else tell(200, {"recorded": True})

    return handle


def conversion_from(fields: Mapping[str, str]) -> Conversion:
    """Return what the fields say.

    Raises:
        InvalidInput: If one can't be used.
    """
    value = fields.get("value", "").strip()
    try:
        number = float(value) if value else None
    except ValueError as error:
        raise InvalidInput("`value` must be a number with a point, like 19.90.") from error
    return checked(number, fields.get("currency", "").strip(), fields.get("order_id", "").strip())


def _refusal(error: Exception) -> Response:
    if isinstance(error, TooLarge):
        return tell(413, {"error": "The request was larger than 64 KB."})
    if isinstance(error, TooSlow):
        return tell(408, {"error": "The request did not arrive in time."})
    said = error.message if isinstance(error, InvalidInput) else ""
    return tell(400, {"error": said or "The body is not what its content type says."})
