"""A web site on loopback that answers as a test wants, and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Asked:
    """One request.

    Args:
        method: HEAD or GET.
        path: What was asked for.
        headers: Its headers, names in lower case.
    """

    method: str
    path: str
    headers: Mapping[str, str]


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """The site.

    Args:
        port: Where it listens.
        answers: How it answers by path; 404 for every other.
        asked: What it was asked, in order.
        closing: Set once the test is over, so that whoever drips stops.
    """

    port: int
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """Return the address of a path."""
        return f"http://{host}:{self.port}{path}"

    def says(self, path: str, status: int = 200, *, on_head: int | None = None, body: bytes = b"", **headers: str) -> str:
        """Answer a path with a status; return its address."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            is_head = handler.command == "HEAD"
            handler.send_response(on_head if is_head and on_head is not None else status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            if not is_head:
                handler.wfile.write(body)

        self.answers[path] = answer
        return self.url(path)

    def drips(self, path: str) -> str:
        """Answer a path a byte at a time, for ever."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not self.closing.wait(0.05):
                handler.wfile.write(b"x")

        self.answers[path] = answer
        return self.url(path)

    def floods(self, path: str) -> str:
        """Answer HEAD of a path with an error and GET with a body that never ends."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(500 if handler.command == "HEAD" else 200)
            handler.end_headers()
            while handler.command == "GET" and not self.closing.is_set():
                handler.wfile.write(b"x" * 16_384)

        self.answers[path] = answer
        return self.url(path)

    def paths(self) -> list[str]:
        """Return what it was asked for."""
        return [one.path for one in self.asked]


@contextmanager
def serving() -> Iterator[Site]:
    """Yield a site; it is gone at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}))
            answer = site.answers.get(self.path)
            with suppress(OSError):  # whoever asked has gone
                if answer is None:
                    self.send_error(404)
                else:
                    answer(self)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    site = Site(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        site.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
