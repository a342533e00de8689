"""The shortcut: our server answers a plain hit itself, without a task, a scope and messages for it.

It takes only what is usual: GET or HEAD over HTTP/1.1, no body, nobody before it on the connection who still waits. Whatever is
unusual goes the whole way through uvicorn and ASGI and comes to the same `Hits` there.

The hits of one turn of the event loop share one write to the journal; only then do their answers leave.
"""

from __future__ import annotations

import asyncio
import logging
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from core.http_bounds import HEADER_SECONDS, BoundedProtocol
from tracking_receiver.asking import USER_AGENT_LIMIT, Asker
from tracking_receiver.converting import Conversions
from tracking_receiver.edge import Edge
from tracking_receiver.hits import Hits
from tracking_receiver.notes import Notes
from tracking_receiver.replies import Hit, Reply

_log = logging.getLogger(__name__)

# How long an idle connection is kept for one more request when the server goes: closing it at once could meet a request on its way.
LEAVING_SECONDS = 1
# More answers than these are not gathered for one connection that sends without reading.
_AT_ONCE = 64
_UNUSUAL = frozenset({b"content-length", b"transfer-encoding", b"expect", b"upgrade"})


class Lane:
    """The hits of this turn of the event loop.

    Args:
        hits: Knows what a request comes to.
        conversions: The same for a conversion.
        notes: The journal.
        edge: Counts and writes down what is answered beside it.
    """

    def __init__(self, hits: Hits, conversions: Conversions, notes: Notes, edge: Edge) -> None:
        self.hits, self.conversions, self.notes, self.edge = hits, conversions, notes, edge
        self.is_leaving = False
        self._waiting: list[tuple[HitProtocol, Hit, bool, bool]] = []

    def gather(self, connection: HitProtocol, hit: Hit, is_head: bool, keep_alive: bool) -> None:
        """Write and answer a hit at the end of this turn."""
        if not self._waiting:
            connection.loop.call_soon(self.flush)
        self._waiting.append((connection, hit, is_head, keep_alive))

    def flush(self) -> None:
        """Write what was gathered, then answer."""
        waiting, self._waiting = self._waiting, []
        replies = self.hits.keep([hit for _, hit, _, _ in waiting])
        for (connection, _, is_head, keep_alive), reply in zip(waiting, replies, strict=True):
            try:
                connection.send(reply, is_head, keep_alive)
            except Exception as error:  # one client's trouble must not keep the others of this turn waiting
                _log.error("a hit could not be answered: %s", type(error).__name__)


class Promise:
    """Stands where uvicorn keeps the request being answered: what follows on the connection waits, as behind any other."""

    body = b""
    disconnected = more_body = response_complete = False

    def __init__(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive

    @property
    def message_event(self) -> Promise:
        """What uvicorn sets to wake who waits for the body: nobody does."""
        return self

    def set(self) -> None:
        """Wake nobody."""


class HitProtocol(BoundedProtocol):
    """HTTP/1.1 with the shortcut.

    Args:
        lane: Shared by all connections.
        given: What uvicorn gives every connection.
    """

    def __init__(self, lane: Lane, **given: Any) -> None:
        super().__init__(**given)
        self._lane = lane
        self._gathered = 0
        self._is_ours = self._is_plain = self._is_last = False
        self._ip = ""
        self._agent = b""
        self._proxies: Any = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See who has come, and whether it speaks for others."""
        super().connection_made(transport)
        self._ip = self.client[0] if self.client else ""
        outermost = self.config.loaded_app
        if isinstance(outermost, ProxyHeadersMiddleware) and self._ip in outermost.trusted_hosts:
            self._proxies = outermost.trusted_hosts

    def on_message_begin(self) -> None:
        """Begin a request; what ASGI needs for it is made only if it goes there."""
        self.url, self.headers, self.expect_100_continue = b"", [], False
        self._agent, self._is_plain, self._is_ours = b"", True, False
        self._head_bytes = 0
        self.expect_within(HEADER_SECONDS)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        super().on_header(name, value)
        name = self.headers[-1][0]
        if name == b"user-agent":
            self._agent = self._agent or value
        elif name in _UNUSUAL:
            self._is_plain = False

    def on_headers_complete(self) -> None:
        """Answer it here, or hand it on."""
        if self._is_last:  # behind the answer that ends the connection nothing is answered
            self._is_ours = True
            return
        if self._is_plain and self._may_answer() and self._answers():
            self._is_ours = True
            self.expect_within(self.timeout_keep_alive)
            return
        if self._gathered:
            self._lane.flush()
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()
        if self._lane.is_leaving:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if not self._is_ours:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request."""
        if not self._is_ours:
            super().on_message_complete()

    def shutdown(self) -> None:
        """Answer what is being answered, then close; when the server leaves its place to another, take one more request."""
        self._lane.flush()
        is_idle = self.cycle is None or self.cycle.response_complete
        if self._lane.is_leaving and is_idle and not self.transport.is_closing():
            self.expect_within(LEAVING_SECONDS)
        else:
            super().shutdown()

    def send(self, reply: Reply, is_head: bool, keep_alive: bool) -> None:
        """Let an answer go; the client may have gone before."""
        self._gathered = 0
        if self.transport.is_closing():
            return
        parts = [reply.head, *(name + b": " + value + b"\r\n" for name, value in self.server_state.default_headers)]
        parts.append(b"\r\n" if keep_alive else b"connection: close\r\n\r\n")
        if not is_head:
            parts.append(reply.body)
        self.transport.write(b"".join(parts))
        self.server_state.total_requests += 1
        if not keep_alive:
            self.transport.close()

    def _may_answer(self) -> bool:
        """Whether nothing before it waits on this connection, and the client reads what it gets."""
        if self._gathered >= _AT_ONCE:
            self._lane.flush()
        is_free = self.cycle is None or self.cycle.response_complete
        return is_free and not self.flow.write_paused and self.parser.get_http_version() == "1.1" and not self.parser.should_upgrade()

    def _answers(self) -> bool:
        path, _, query = self.url.partition(b"?")
        if b"%" in path or b"#" in self.url:
            return False
        if path.startswith((b"/o/", b"/c/")):
            return self._hit(path.decode("latin-1"))
        return path.startswith(b"/e/") and self._conversion(path.decode("latin-1"), query)

    def _hit(self, path: str) -> bool:
        who = self._who()
        hit = self._lane.hits.answer(path, who)
        if hit is None:
            return False
        self._gathered += 1
        self._lane.gather(self, hit, who.method == "HEAD", self._keeps_alive())
        return True

    def _conversion(self, path: str, query: bytes) -> bool:
        who = self._who()
        if who.method != "GET":
            return False
        reported = self._lane.conversions.reported(path[3:], _fields(query.decode("latin-1")), who)
        if reported is None:
            return False
        if self._gathered:
            self._lane.flush()
        promise = Promise(keep_alive=self._keeps_alive())
        self.cycle = promise  # type: ignore[assignment]
        began = perf_counter()

        def answer(noted: bool) -> None:
            reply = reported.reply(noted)
            self._lane.edge.done("GET", "/e/{token}", reply.status, perf_counter() - began, who.ip)
            self._keep(promise, reply)

        self._lane.notes.wish_then(reported.record, answer, keep=reported.keep)
        return True

    def _keep(self, promise: Promise, reply: Reply) -> None:
        promise.response_complete = True
        if not promise.disconnected:
            self.send(reply, False, promise.keep_alive)
            self._go_on()

    def _go_on(self) -> None:
        if self.pipeline:
            self.on_response_complete()
        else:
            self.expect_within(self.timeout_keep_alive)

    def _who(self) -> Asker:
        ip = self._ip
        if self._proxies is not None:
            forwarded = b", ".join([value for name, value in self.headers if name == b"x-forwarded-for"])
            ip = self._proxies.get_trusted_client_address(forwarded.decode("latin-1"))[0] or ip if forwarded else ip
        return Asker(ip, self._agent[:USER_AGENT_LIMIT].decode("latin-1"), self.parser.get_method().decode("ascii"))

    def _keeps_alive(self) -> bool:
        keeps = bool(self.parser.should_keep_alive()) and not self._lane.is_leaving
        self._is_last = not keeps
        return keeps


def _fields(query: str) -> dict[str, str]:
    if "%" in query or "+" in query:
        return dict(parse_qsl(query, keep_blank_values=True))
    return dict(part.partition("=")[::2] for part in query.split("&") if part)  # a third of the time
