"""A request to a provider is over in time, whatever its server does.

The usual timeouts are for each read, and a server that drips a byte now and then never meets one.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore2
import httpx2

from core.providers.forbidden import addresses_of

Addresses = Callable[[str, int], list[str]]
# What is written at once: between two pieces the time is looked at.
_PIECE = 16 * 1024


class Deadline:
    """When the request of the thread that asks must be over."""

    def __init__(self) -> None:
        self._of = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let everything on the network fail that this thread still waits for after so many seconds."""
        self._of.until = time.monotonic() + seconds
        try:
            yield
        finally:
            self._of.until = None

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """Return for how long something may take.

        Args:
            timeout: What it may take by itself; None for ever.
            late: What to raise once the time is over.
        """
        until = getattr(self._of, "until", None)
        if until is None:
            return timeout
        left: float = until - time.monotonic()
        if left <= 0:
            raise late("the time of the request is over")
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore2.NetworkStream):
    """A connection that is read and written within a deadline."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.left(timeout, httpcore2.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), _PIECE):
            self._inner.write(buffer[begin : begin + _PIECE], self._deadline.left(timeout, httpcore2.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> httpcore2.NetworkStream:
        left = self._deadline.left(timeout, httpcore2.ConnectTimeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Network(httpcore2.SyncBackend):
    """Connects within a deadline, to whichever address of a name answers first in turn."""

    def __init__(self, deadline: Deadline, addresses: Addresses) -> None:
        self._deadline, self._addresses = deadline, addresses

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:  # fmt: skip
        error: Exception = httpcore2.ConnectError("the name has no address")
        for address in _found(self._addresses, host, port):
            left = self._deadline.left(timeout, httpcore2.ConnectTimeout)
            try:
                return _Stream(super().connect_tcp(address, port, left, local_address, socket_options), self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as failure:
                error = failure
        raise error


class DeadlineTransport(httpx2.HTTPTransport):
    """What an `httpx2.Client` sends through.

    Args:
        deadline: When the requests are over.
        limits: How many connections there are, and are kept.
        addresses: Says to which addresses of a name it may connect, in turn, or raises an `OSError`.
        context: How servers prove who they are, for who makes many of these: one takes longer to make than most requests.
    """

    def __init__(
        self, deadline: Deadline, limits: httpx2.Limits, addresses: Addresses = addresses_of, context: ssl.SSLContext | None = None
    ) -> None:
        context = context or httpx2.create_ssl_context(trust_env=False)
        super().__init__(verify=context, trust_env=False, limits=limits)
        self._pool = httpcore2.ConnectionPool(  # the one made above takes no network of ours
            ssl_context=context,
            max_connections=limits.max_connections,
            max_keepalive_connections=limits.max_keepalive_connections,
            keepalive_expiry=limits.keepalive_expiry,
            network_backend=_Network(deadline, addresses),
        )


def _found(addresses: Addresses, host: str, port: int) -> list[str]:
    try:
        return addresses(host, port)
    except OSError as error:
        raise httpcore2.ConnectError(str(error)) from error
