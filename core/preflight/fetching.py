"""Asking for links and images, to see whether they are there: a few at once, briefly, and only what everybody reaches.

Templates are anybody's. So every connection goes to an address that was looked at (`network`), on every redirect again, with the name
resolved once: what was looked at is what is connected to. Nothing is sent along that tells who asks, no answer is read for longer than
it takes to know that there is one, and all of it together is over in seconds, whatever servers do.
"""

from __future__ import annotations

import queue
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from urllib.parse import urljoin, urlsplit

import httpx2

from core.errors import Unavailable
from core.preflight.network import Endpoint, NoHost, Refused, Resolver, permitted
from core.providers.deadlines import Deadline, DeadlineTransport

Step = Callable[[int, int], None]

_REDIRECTS = 5
_BODY = 64 * 1024
_MOVED = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"User-Agent": "Postwright-LinkCheck/1", "Accept": "*/*", "Accept-Encoding": "identity", "Connection": "close"}
# Answers to HEAD that say something about the address; many servers answer it with an error where GET is fine.
_SETTLED_BY_HEAD = frozenset({401, 403, 429, *range(200, 400)})


class Standing(StrEnum):
    """How it stands with an address."""

    THERE = "there"
    GONE = "gone"
    NO_HOST = "no_host"
    PRIVATE = "private"
    UNSURE = "unsure"


@dataclass(frozen=True)
class Fetched:
    """What asking for an address came to.

    Args:
        standing: How it stands.
        why: The answer in words, as the rest of a sentence that begins with the address; "" where it is there.
        size: How many bytes it has, where the server says so, or it was read.
        kind: The media type, where the server says so.
        is_more: Whether it has more bytes than were read.
    """

    standing: Standing
    why: str = ""
    size: int | None = None
    kind: str = ""
    is_more: bool = False


@dataclass(frozen=True)
class Limits:
    """How much asking there is.

    Args:
        most: How many addresses at most; the rest is not asked for.
        at_once: How many at the same time.
        each: Seconds for one address with all its redirects.
        all: Seconds for all of them.
        weighed: How many bytes of an image are read where its server does not say how large it is.
    """

    most: int = 40
    at_once: int = 8
    each: float = 4.0
    all: float = 8.0
    weighed: int = 400_000


class Fetcher:
    """Asks for addresses.

    Args:
        resolve: Says the addresses of a name; raises `Unavailable` or an `OSError` where nobody can say.
        also: Addresses and ports that may be asked although they are not public.
        limits: How much asking there is.
    """

    def __init__(self, resolve: Resolver, *, also: Collection[Endpoint] = (), limits: Limits | None = None) -> None:
        self._resolve, self._also, self.limits = resolve, also, limits or Limits()

    def look(self, urls: Sequence[str], step: Step | None = None, images: Collection[str] = ()) -> Mapping[str, Fetched]:
        """Return how it stands with addresses; those there was no time for are left out.

        Args:
            urls: Complete addresses of the web.
            step: Told how many are done, of how many.
            images: Those of them whose size is wanted, also where their servers don't say it.
        """
        wanted = list(dict.fromkeys(urls))[: self.limits.most]
        until, done = time.monotonic() + self.limits.all, queue.Queue[tuple[str, Fetched]]()
        found: dict[str, Fetched] = {}
        tasks = iter(wanted)
        turn = threading.Lock()
        for _ in range(min(self.limits.at_once, len(wanted))):
            # Daemons: one that hangs in a resolver must hold up neither the page nor the end of the process.
            threading.Thread(target=self._work, args=(tasks, turn, until, done, images), daemon=True, name="link-check").start()
        while len(found) < len(wanted):
            try:
                url, fetched = done.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                break
            found[url] = fetched
            if step:
                step(len(found), len(wanted))
        return found

    def _work(
        self, tasks: Iterator[str], turn: threading.Lock, until: float, done: queue.Queue[tuple[str, Fetched]], images: Collection[str]
    ) -> None:
        while time.monotonic() < until:
            with turn:
                url = next(tasks, None)
            if url is None:
                return
            weighed = self.limits.weighed if url in images else 0
            done.put((url, _Asking(self._resolve, self._also, weighed).ask(url, min(self.limits.each, until - time.monotonic()))))


class _Asking:
    """Asks for one address, by a way of its own: no cookie and no connection is left over for the next."""

    def __init__(self, resolve: Resolver, also: Collection[Endpoint], weighed: int) -> None:
        self._resolve, self._also, self._weighed = resolve, also, weighed
        self._deadline = Deadline()

    def ask(self, url: str, seconds: float) -> Fetched:
        """Return how it stands with an address; never raises."""
        limits = httpx2.Limits(max_connections=1, max_keepalive_connections=0)
        try:
            with DeadlineTransport(self._deadline, limits, self._addresses, _context()) as way, self._deadline.within(max(seconds, 0.05)):
                return self._follow(way, url)
        except httpx2.TimeoutException:
            return Fetched(Standing.UNSURE, "did not answer in time")
        except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError, ValueError) as error:
            return _failed(error)

    def _follow(self, transport: httpx2.BaseTransport, url: str) -> Fetched:
        """Ask for an address and those it leads on to."""
        for _ in range(_REDIRECTS + 1):
            status, headers = self._answer(transport, url)
            if status not in _MOVED or not headers.get("location"):
                return self._with_its_size(transport, url, _judged(status, headers))
            url = urljoin(url, headers["location"].strip())
            if urlsplit(url).scheme.lower() not in ("http", "https"):
                return Fetched(Standing.THERE)  # into an app; it was the web that said so
        return Fetched(Standing.UNSURE, "leads on and on, from one address to the next")

    def _with_its_size(self, transport: httpx2.BaseTransport, url: str, fetched: Fetched) -> Fetched:
        """Return what is known of an address, with its size where that is wanted and was not said."""
        if not self._weighed or fetched.standing is not Standing.THERE or fetched.size is not None:
            return fetched
        try:
            size, status, _ = self._request(transport, "GET", url, self._weighed)
        except httpx2.HTTPError:  # it is there; how large it is, nobody knows
            return fetched
        return replace(fetched, size=size, is_more=size > self._weighed) if status == 200 else fetched

    def _answer(self, transport: httpx2.BaseTransport, url: str) -> tuple[int, httpx2.Headers]:
        """Return status and headers of an address: of HEAD, or of GET where that says nothing."""
        _, status, headers = self._request(transport, "HEAD", url)
        return (status, headers) if status in _SETTLED_BY_HEAD else self._request(transport, "GET", url)[1:]

    def _request(self, transport: httpx2.BaseTransport, method: str, url: str, most: int = _BODY) -> tuple[int, int, httpx2.Headers]:
        """Return how many bytes of the answer were read, as they were sent, its status and its headers."""
        asked = httpx2.URL(url).copy_with(username=None, password=None, fragment=None)
        request = httpx2.Request(method, asked, headers=_HEADERS)
        response = transport.handle_request(request)
        size = 0
        try:
            for part in response.iter_raw() if method == "GET" else ():
                size += len(part)
                if size > most:
                    break
        finally:
            with suppress(httpx2.HTTPError):
                response.close()
        return size, response.status_code, response.headers

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return permitted(host, port, self._resolve, self._also)
        except Unavailable as error:
            raise OSError(error.message) from error


@cache
def _context() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=False)


def _judged(status: int, headers: httpx2.Headers) -> Fetched:
    if status in (404, 410):
        return Fetched(Standing.GONE, f"is not there ({status})")
    if status in (401, 403, 405, 407, 429):
        return Fetched(Standing.UNSURE, f"does not let us look ({status})")
    if status >= 400:
        return Fetched(Standing.UNSURE, f"answers with an error ({status})")
    said = headers.get("content-length", "").strip()
    size = int(said) if said.isascii() and said.isdigit() and len(said) < 16 else None
    return Fetched(Standing.THERE, size=size, kind=headers.get("content-type", "").partition(";")[0].strip().lower())


def _failed(error: BaseException) -> Fetched:
    """Return what an error means; what lies at its root says it best."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    if any(isinstance(one, Refused) for one in chain):
        return Fetched(Standing.PRIVATE, "leads into a private network, where your readers can’t follow")
    if any(isinstance(one, NoHost) for one in chain):
        return Fetched(Standing.NO_HOST, "names a host that does not exist")
    if any(isinstance(one, ssl.SSLCertVerificationError) for one in chain):
        return Fetched(Standing.GONE, "has a certificate that browsers refuse")
    return Fetched(Standing.UNSURE, "can’t be reached")
