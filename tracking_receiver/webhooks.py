"""`/webhooks/{provider}/{connection_key}`: a provider reports; what is proved to be its own is on the disk before the answer.

Nothing is understood here: the ingester reads the report later. The line it finds in the journal has `kind` "webhook", `at`,
`source`, `workspace_id`, `connection_id`, `provider`, `content_type` and `body` (`body_base64` where it is no UTF-8).
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from core.clock import utc
from core.errors import Unavailable
from core.providers.reading import holds_too_much
from core.providers.webhook_catalogue import WEBHOOKS
from core.providers.webhook_doors import Door
from core.providers.webhooks import Forged, Undecided, WebhookRequest
from tracking_receiver.answers import tell
from tracking_receiver.bodies import Malformed, TooLarge, TooSlow, read_body
from tracking_receiver.budget import Budget, Busy, Share
from tracking_receiver.compressed import UnknownEncoding, inflated
from tracking_receiver.parts import Parts

LIMIT = 16 * 1024 * 1024
INFLATED_LIMIT = 32 * 1024 * 1024
ALL_BODIES = 64 * 1024 * 1024  # a report is a megabyte at most, but for those that are not meant well
_BODY_SECONDS = 30.0
_PATIENCE_SECONDS = 3.0
_CHECKING_THREADS, _ASKING_THREADS = 4, 2  # a signature over megabytes takes milliseconds: hits must not wait for it

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Reporting:
    """Answers providers.

    Args:
        parts: The receiver's parts.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts, self._doors = parts, parts.doors
        self._bodies = Budget(ALL_BODIES)
        self._checking = ThreadPoolExecutor(_CHECKING_THREADS, thread_name_prefix="webhook")
        self._asking = ThreadPoolExecutor(_ASKING_THREADS, thread_name_prefix="webhook-doors")

    async def answer(self, request: Request) -> Response:
        """Answer one request; HEAD and GET tell a provider that is being set up that the address is right."""
        key = request.path_params["key"]
        door = self._doors.known(key)
        if door is None and (wait := self._parts.limiter.stranger(_address(request))):
            return _too_often(wait)
        try:
            door = door or await self._ask(lambda: self._doors.get(key))
        except (Unavailable, TimeoutError):
            return tell(503, {"error": "unavailable"})
        if door is None or door.kind != request.path_params["provider"]:
            return tell(404, {"error": "unknown"})
        if request.method != "POST":
            return tell(200, {"ready": True})
        try:
            with self._bodies.share() as share:
                return await self._take(request, key, door, share)
        except Undecided:
            return self._unproved(request, key, door, tell(503, {"error": "undecided"}))  # the provider asks again
        except (TooLarge, TooSlow, Malformed, UnknownEncoding, Busy) as error:
            status, word = _PROBLEMS[type(error)]
            return tell(status, {"error": word})

    def close(self) -> None:
        """Let the threads go."""
        for threads in (self._checking, self._asking):
            threads.shutdown(wait=False, cancel_futures=True)

    async def _take(self, request: Request, key: str, door: Door, share: Share) -> Response:
        sent = await read_body(request, LIMIT, _BODY_SECONDS, share.take)
        plain = await self._check(lambda: inflated(sent, request.headers.get("content-encoding", ""), INFLATED_LIMIT))
        if plain is not sent:
            share.take(len(plain))
        reported = WebhookRequest(sent, dict(request.headers.items()), self._told(request), self._parts.clock.now())
        proved = await self._prove(key, door, reported, plain)
        if proved is None:
            return self._refused(request, key, door, plain)
        if holds_too_much(plain):
            raise TooLarge  # the ingester would leave it out
        if not await self._parts.notes.wish(line(door, reported, plain), keep=False):
            self._parts.metrics.report(door.kind, "failed")
            return tell(503, {"error": "full"})  # it sends the report again
        self._parts.metrics.report(door.kind, "taken")
        return await self._follow_up(door, proved)

    async def _prove(self, key: str, door: Door, request: WebhookRequest, plain: bytes) -> WebhookRequest | None:
        """Return the report if it is genuine, None if it is forged.

        A refused one is looked at once more where the connection has changed since: a new secret counts at once.
        """
        proved = await self._check(lambda: genuine(door, request, plain))
        if proved is not None:
            return proved
        try:
            renewed = await self._ask(lambda: self._doors.renewed(key, than=door))
        except TimeoutError:
            return None
        if renewed is None or renewed.connection_id != door.connection_id:
            return None
        return await self._check(lambda: genuine(renewed, request, plain))

    def _refused(self, request: Request, key: str, door: Door, plain: bytes) -> Response:
        """Answer what is not proved."""
        is_try = WEBHOOKS[door.kind].is_try
        if is_try is not None and is_try(plain):
            return tell(200, {"ok": True})
        return self._unproved(request, key, door, tell(401, {"error": "forged"}))

    def _unproved(self, request: Request, key: str, door: Door, answer: Response) -> Response:
        """Count against whoever sent it what is not proved; only here, so that nothing genuine ever has to wait."""
        wait = self._parts.limiter.forged(_address(request), key)
        self._parts.metrics.report(door.kind, "slowed" if wait else "refused")
        return _too_often(wait) if wait else answer

    async def _follow_up(self, door: Door, request: WebhookRequest) -> Response:
        follow_up = WEBHOOKS[door.kind].follow_up
        if follow_up is not None:
            try:
                await self._check(lambda: follow_up(request))
            except Exception as error:  # whatever it is, the provider asks again
                _log.warning("what a report to connection %d asks for could not be done: %s", door.connection_id, type(error).__name__)
                return tell(503, {"error": "unfinished"})
        return tell(200, {"ok": True})

    def _told(self, request: Request) -> str:
        """Return the address as the provider knows it, and may sign it, whatever a proxy in between made of it."""
        path = request.scope.get("raw_path", b"").partition(b"?")[0].decode("latin-1") or request.scope["path"]
        query = request.scope.get("query_string", b"").decode("latin-1")
        return f"{self._parts.public_url}{path}?{query}" if query else f"{self._parts.public_url}{path}"

    async def _check(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._checking, work)

    async def _ask(self, work: Callable[[], T]) -> T:
        """Ask the database, in threads of their own: checking what known doors get must not wait for one that hangs."""
        return await asyncio.wait_for(asyncio.get_running_loop().run_in_executor(self._asking, work), _PATIENCE_SECONDS)


def genuine(door: Door, request: WebhookRequest, plain: bytes) -> WebhookRequest | None:
    """Return what is proved to be the provider's, None if nothing is.

    Args:
        door: Where it came in.
        request: The report as it came.
        plain: Its body, no longer compressed: where a signature is not over the bytes as sent, it is over these.

    Raises:
        Undecided: If that can't be told now.
    """
    undecided: Undecided | None = None
    for body in (request.body, plain) if plain is not request.body else (plain,):
        reported = WebhookRequest(body, request.headers, request.url, request.at)
        try:
            door.verifier.verify(reported)
        except Undecided as error:
            undecided = error
            continue
        except Forged:
            continue
        except Exception as error:  # whatever trips over a report does not prove it
            _log.error("a report to connection %d could not be checked, so it is refused: %s", door.connection_id, type(error).__name__)
            continue
        return reported
    if undecided is not None:
        raise undecided
    return None


def line(door: Door, request: WebhookRequest, body: bytes) -> dict[str, Any]:
    """Return the journal line of a genuine report.

    Args:
        door: Where it came in.
        request: The report.
        body: Its body, no longer compressed.
    """
    known: dict[str, Any] = {
        "kind": "webhook",
        "at": utc(request.at).isoformat(timespec="microseconds"),
        "source": "receiver",
        "workspace_id": door.workspace_id,
        "connection_id": door.connection_id,
        "provider": door.kind,
        "content_type": request.headers.get("content-type", ""),
    }
    try:
        return known | {"body": body.decode()}
    except UnicodeDecodeError:
        return known | {"body_base64": base64.b64encode(body).decode()}


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _too_often(wait: int) -> Response:
    answer = tell(429, {"error": "often"})
    answer.headers["retry-after"] = str(wait)
    return answer


_PROBLEMS: dict[type[Exception], tuple[int, str]] = {
    TooLarge: (413, "large"),
    TooSlow: (408, "slow"),
    Malformed: (400, "malformed"),
    UnknownEncoding: (415, "encoding"),
    Busy: (503, "busy"),  # the provider asks again
}
