"""Serving the receiver with uvicorn on uvloop and httptools, with bounds on what a client may send and how slowly."""

from __future__ import annotations

import logging
import signal
import socket
from functools import partial

import uvicorn

from core.clock import SystemClock
from core.errors import Unavailable
from core.settings import Settings
from tracking_receiver.app import Receiver
from tracking_receiver.lane import HitProtocol
from tracking_receiver.parts import build

_log = logging.getLogger(__name__)

_CONNECTIONS = 8192
_GRACE_SECONDS = 5


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; open requests are answered and the journal is closed before the return.

    Raises:
        Unavailable: If the address can't be listened on.
    """
    listening = _listen(host, port)
    server = uvicorn.Server(_config(Receiver(build(settings, SystemClock()))))
    _log.info("receiver listens on %s", ":".join(str(part) for part in listening.getsockname()[:2]))

    def stop(*_: object) -> None:
        server.should_exit = True

    for wish_to_stop in (signal.SIGTERM, signal.SIGINT):
        # Until uvicorn takes them over, so that one that comes early counts; uvicorn raises them again when all is done.
        signal.signal(wish_to_stop, stop)
    server.run(sockets=[listening])


def _config(app: Receiver) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=partial(HitProtocol, app.lane),  # type: ignore[arg-type]
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
