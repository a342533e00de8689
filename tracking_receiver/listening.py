"""The listening socket: opened once, then handed from process to process, so that no connection is ever refused."""

from __future__ import annotations

import socket

from core.errors import Unavailable

_BACKLOG = 2048


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket; `::` listens on every address, IPv4 and IPv6.

    Raises:
        Unavailable: If the address can't be listened on.
    """
    is_v6 = ":" in host
    try:
        return socket.create_server(
            (host, port),
            family=socket.AF_INET6 if is_v6 else socket.AF_INET,
            dualstack_ipv6=is_v6 and socket.has_dualstack_ipv6(),
            backlog=_BACKLOG,
        )
    except OSError as error:
        raise Unavailable(
            f"The receiver can't listen on {host} port {port}: {error.strerror}.",
            hint="Stop what uses this port, or choose another with --port.",
        ) from error


def taken_over(descriptor: int) -> socket.socket:
    """Return the listening socket that another process of ours opened."""
    listening = socket.socket(fileno=descriptor)
    listening.set_inheritable(False)
    return listening


def place_of(listening: socket.socket) -> str:
    """Return where it listens, for people."""
    return ":".join(str(part) for part in listening.getsockname()[:2])
