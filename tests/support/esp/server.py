"""What all fakes share: a small HTTP server that remembers what it delivered and misbehaves when it is told to."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

GOOD_KEY = "right-key"
KEY_HEADER = "X-Postwright-Message"


class Trick(StrEnum):
    """What a fake does with the next request to send, instead of what it should."""

    THROTTLE = "429, nothing taken"
    UNAVAILABLE = "503, nothing taken"
    FAIL = "500 after it took everything"
    HALF = "takes everything and answers half"
    RESET = "takes everything and resets the connection"
    SILENT = "takes everything and never answers"
    TOO_LARGE = "413, nothing taken"
    PASS = "does what it should"


@dataclass(frozen=True)
class Delivered:
    """One email as its recipient gets it."""

    to: str
    sender: str
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    key: str
    attachments: tuple[tuple[str, str, bytes], ...] = ()
    to_name: str = ""


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """One answer."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return b"" if self.body is None else self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


class FakeService:
    """A service. Subclasses say what it answers; they append to `delivered` what they take.

    `refuses` holds addresses it calls invalid, `tricks` and `replies` what it does or says next instead of what it should.
    """

    send_path = ""

    def __init__(self) -> None:
        self.url = ""
        self.delivered: list[Delivered] = []
        self.calls: list[Call] = []
        self.tricks: deque[Trick] = deque()
        self.replies: deque[Reply] = deque()
        self.refuses: set[str] = set()
        self.retry_after = "7"
        self._lock = threading.Lock()

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    def is_sending(self, call: Call) -> bool:
        """Whether a request hands mail over, so that a trick may be played on it."""
        return call.method == "POST" and call.path.startswith(self.send_path)

    def error(self, status: int, message: str) -> Reply:
        """An error in the vendor's shape."""
        raise NotImplementedError

    def handle(self, call: Call) -> tuple[Trick, Reply]:
        with self._lock:
            self.calls.append(call)
            trick = self.tricks.popleft() if self.tricks and self.is_sending(call) else Trick.PASS
            if trick is Trick.THROTTLE:
                reply = self.error(429, "too many requests")
                return trick, Reply(reply.status, reply.body, {**reply.headers, "Retry-After": self.retry_after})
            if trick is Trick.UNAVAILABLE:
                return trick, self.error(503, "service unavailable")
            if trick is Trick.TOO_LARGE:
                return trick, self.error(413, "the request is too large")
            if self.replies and self.is_sending(call):
                return trick, self.replies.popleft()
            reply = self.answer(call)
            return trick, self.error(500, "internal error") if trick is Trick.FAIL else reply

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run on loopback."""
        server = _Server(("127.0.0.1", 0), _Handler)
        server.service = self
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def keys(self) -> Counter[str]:
        """How often each message was delivered."""
        return Counter(mail.key for mail in self.delivered)


def one_header(value: str) -> str:
    """What becomes of a header's value on the way: a line break in it would have made headers of its own."""
    assert not set("\r\n\0") & set(value), f"a header with a line break reached the service: {value!r}"
    return value


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and answers as the service says."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        trick, reply = self.server.service.handle(Call(self.command, self.path, headers, body))
        if trick is Trick.RESET:
            self._reset()
        elif trick is Trick.SILENT:
            self.connection.recv(1)  # until the client gives up
            self.close_connection = True
        else:
            self._write(reply, is_half=trick is Trick.HALF)

    do_GET = do_PUT = do_DELETE = do_POST

    def _write(self, reply: Reply, *, is_half: bool) -> None:
        data = reply.encoded()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data) + (100 if is_half else 0)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if is_half else data)
        self.wfile.flush()
        self.close_connection = self.close_connection or is_half

    def _reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def finish(self) -> None:
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    service: FakeService

    def handle_error(self, *_: object) -> None:
        pass  # a client that went away


@contextmanager
def serving(service: FakeService) -> Iterator[FakeService]:
    """Run a fake."""
    with service.running():
        yield service
