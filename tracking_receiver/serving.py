"""Serving the receiver with uvicorn on uvloop and httptools, with bounds on what a client may send and how slowly."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.clock import SystemClock
from core.errors import Unavailable
from core.settings import Settings
from tracking_receiver.app import Receiver
from tracking_receiver.parts import build

_log = logging.getLogger(__name__)

HEADER_BYTES = 32 * 1024
HEADER_SECONDS = 10.0
_CONNECTIONS = 8192
_GRACE_SECONDS = 5


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with two bounds it lacks: the size of a request's head, and the time a client takes to send it."""

    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait_for_head()

    def on_message_begin(self) -> None:
        """Begin to count and to wait for the rest of the head."""
        super().on_message_begin()
        self._head_bytes = 0
        self._wait_for_head()

    def on_url(self, url: bytes) -> None:
        """Take a part of the URL."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Stop waiting: from here on the keep-alive and body timeouts count."""
        self._stop_waiting()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._stop_waiting()
        super().connection_lost(exc)

    def _count(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > HEADER_BYTES:
            raise ValueError("the head of the request is too long")  # uvicorn answers 400 and closes

    def _wait_for_head(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; open requests are answered and the journal is closed before the return.

    Raises:
        Unavailable: If the address can't be listened on.
    """
    listening = _listen(host, port)
    server = uvicorn.Server(_config(Receiver(build(settings, SystemClock()))))
    _log.info("receiver listens on %s", ":".join(str(part) for part in listening.getsockname()[:2]))
    for wish_to_stop in (signal.SIGTERM, signal.SIGINT):
        signal.signal(wish_to_stop, signal.SIG_IGN)  # uvicorn takes them over, and raises them again when all is done
    server.run(sockets=[listening])


def _config(app: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,  # tokens and addresses are personal data
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _listen(host: str, port: int) -> socket.socket:
    is_v6 = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if is_v6 else socket.AF_INET,
            dualstack_ipv6=is_v6 and socket.has_dualstack_ipv6(),
            backlog=2048,
        )
    except OSError as error:
        raise Unavailable(
            f"The receiver can't listen on {host} port {port}: {error.strerror}.",
            hint="Stop what uses this port, or choose another with --port.",
        ) from error
