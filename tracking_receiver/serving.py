"""Serving the receiver with uvicorn on uvloop and httptools, with our shortcut for plain hits, and going without a gap."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import uvicorn

from core.clock import SystemClock
from core.settings import Settings
from tracking_receiver.app import Receiver
from tracking_receiver.lane import HitProtocol
from tracking_receiver.listening import place_of
from tracking_receiver.parts import build

_log = logging.getLogger(__name__)

_CONNECTIONS = 8192
_GRACE_SECONDS = 5


@dataclass(frozen=True)
class Role:
    """Whether this process stands alone or is one of several.

    Args:
        is_worker: One of several; their parent starts the next ones.
        parent: A pipe that ends when the parent ends, -1 for none.
        ready: A pipe to tell the parent that this one answers, -1 for none.
    """

    is_worker: bool = False
    parent: int = -1
    ready: int = -1


def serve(settings: Settings, listening: socket.socket, role: Role) -> bool:
    """Serve until SIGTERM, SIGINT or SIGHUP; open requests are answered and the journal is closed before the return.

    Returns:
        Whether the caller is to start anew in this place, with the same socket: the wish of a SIGHUP to a process that stands alone.
    """
    receiver = Receiver(build(settings, SystemClock()))
    server = uvicorn.Server(_config(receiver, role))
    if not role.is_worker:
        _log.info("receiver listens on %s", place_of(listening))
    _obey_signals(server, receiver)
    if role.parent >= 0:
        threading.Thread(target=_end_with_parent, args=(role.parent,), daemon=True).start()
    server.run(sockets=[listening.dup()])  # it closes what it is given; ours stays open, so nobody is refused meanwhile
    return receiver.lane.is_leaving and not role.is_worker


def _obey_signals(server: uvicorn.Server, receiver: Receiver) -> None:
    def stop(*_: object) -> None:
        server.should_exit = True

    def leave(*_: object) -> None:
        receiver.lane.is_leaving = server.should_exit = True

    for wish_to_stop in (signal.SIGTERM, signal.SIGINT):
        # Until uvicorn takes them over, so that one that comes early counts; uvicorn raises them again when all is done.
        signal.signal(wish_to_stop, stop)
    signal.signal(signal.SIGHUP, leave)


def _end_with_parent(pipe: int) -> None:
    """Stop as on SIGTERM once the parent is gone, however it went: the kernel then closes its end."""
    with suppress(OSError):
        os.read(pipe, 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _config(receiver: Receiver, role: Role) -> uvicorn.Config:
    return uvicorn.Config(
        receiver,
        loop="uvloop",
        http=partial(HitProtocol, receiver.lane),  # type: ignore[arg-type]
        ws="none",
        lifespan="on",
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,  # tokens and addresses are personal data
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        timeout_notify=1 << 30,  # once: when it has begun to answer
        callback_notify=partial(_tell_ready, role.ready),
    )


async def _tell_ready(pipe: int) -> None:
    if pipe >= 0:
        with suppress(OSError):
            os.write(pipe, b"1")
        os.close(pipe)
