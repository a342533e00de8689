"""Anything at all is sent to the receiver: it answers, soon, and never with a failure of its own."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from core.links.tokens import Purpose, TokenSigner
from core.settings import Settings
from tests.receiver.conftest import Site, fill, receiver
from tests.receiver.reporting import BEARER, add_connection
from tracking_receiver.app import Receiver
from tracking_receiver.parts import build

KEY = "a-key-for-tests-only"
SIGNER = TokenSigner(KEY.encode())
PATIENCE = 30.0


@dataclass(frozen=True)
class Request:
    """What one client sends; `is_cut` means that it hangs up before the end."""

    method: str
    path: str
    query: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    chunks: list[bytes] = field(default_factory=list)
    is_cut: bool = False


class InProcess:
    """The real application, without a server in front of it."""

    def __init__(self, folder: Path) -> None:
        self._parts = build(Settings.load(data_dir=folder, secret_key=KEY), SystemClock())
        self._runner = asyncio.Runner()
        self._app = Receiver(self._parts)

    def status(self, request: Request) -> int:
        """Send a request and return the status, 0 where the client was gone before an answer."""
        return self._runner.run(asyncio.wait_for(self._ask(request), PATIENCE))

    def close(self) -> None:
        self._parts.close()
        self._runner.close()

    async def _ask(self, request: Request) -> int:
        waiting, statuses = list(request.chunks), []

        async def receive() -> dict[str, Any]:
            if not waiting and request.is_cut:
                return {"type": "http.disconnect"}
            chunk = waiting.pop(0) if waiting else b""
            return {"type": "http.request", "body": chunk, "more_body": bool(waiting) or request.is_cut}

        async def send(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._app(_scope(request), receive, send)
        assert len(statuses) <= 1, "two answers"
        return statuses[0] if statuses else 0


def _scope(request: Request) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.path.encode("utf-8", "surrogateescape"),
        "query_string": request.query,
        "root_path": "",
        "headers": request.headers,
        "client": ("127.0.0.1", 4711),
        "server": ("127.0.0.1", 8600),
        "state": {},
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Path:
    found = tmp_path_factory.mktemp("fuzz")
    shutil.copy(migrated_file, found / "app.db")
    fill(Settings.load(data_dir=found, secret_key=KEY))
    return found


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[InProcess]:
    found = InProcess(folder)
    yield found
    found.close()


genuine = st.builds(SIGNER.mint, st.sampled_from(Purpose), st.integers(0, 2**62), st.integers(0, 2**32 - 1))
segments = st.one_of(genuine, st.text(max_size=60), st.sampled_from(["", ".", "..", "preview", "generic", "%00", "\0", "x" * 5000]))
routes = st.sampled_from([*"ocuvpef", "webhooks", "webhooks/generic", "healthz", "readyz", "metrics", ""]) | st.text(max_size=10)
paths = st.builds(
    lambda route, rest, tail: f"/{route}/{rest}{tail}", routes, segments, st.sampled_from(["", ".gif", "/", "/x", "?"])
) | st.text(max_size=80).map(lambda text: f"/{text}")
header_names = st.sampled_from(
    b"content-type content-length content-encoding transfer-encoding authorization user-agent x-forwarded-for host origin cookie "
    b"accept expect if-none-match range access-control-request-method".split()
)
header_values = st.binary(max_size=60).map(lambda value: value.replace(b"\r", b"").replace(b"\n", b"")) | st.sampled_from(
    b"application/json|application/x-www-form-urlencoded|multipart/form-data; boundary=x|multipart/form-data|gzip|-1|0|99999999999|"
    b"Bearer x|Basic eDp5|bytes=0-|text/html; charset=utf-7".split(b"|")
)
bodies = st.sampled_from(
    [
        b"",
        b"List-Unsubscribe=One-Click",
        b'{"value": 1e400}',
        b'{"order_id": "' + b"x" * 1000 + b'"}',
        b"[" * 3000,
        b"value=1&" * 200,
        b"--x\r\nContent-Disposition: form-data; name=value\r\n\r\n1\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data; name=value; filename=a\r\n\r\n1\r\n--x",
        b"value=%ff%fe&currency=%00&order_id=%ed%a0%80",
        b"x" * 70_000,
    ]
) | st.binary(max_size=500)
requests = st.builds(
    Request,
    st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]),
    paths,
    st.binary(max_size=40) | st.sampled_from([b"value=1&currency=EUR", b"value=nan", b"%", b"value=%f0%28", b"a=b&" * 100]),
    st.lists(st.tuples(header_names, header_values), max_size=5),
    st.lists(bodies, max_size=3),
    st.booleans(),
)


@given(request=requests)
@settings(max_examples=400)
@example(request=Request("GET", "/u/x/", b"\x80"))
def test_every_request_is_answered_and_never_with_a_failure_of_ours(app: InProcess, request: Request) -> None:
    assert app.status(request) < 500


@given(purpose=st.sampled_from(Purpose), message=st.integers(1, 2**62), request=requests)
@settings(max_examples=300)
def test_the_same_with_genuine_tokens(app: InProcess, purpose: Purpose, message: int, request: Request) -> None:
    path = f"/{'ocuvep'[purpose - 1]}/{SIGNER.mint(purpose, message, 1)}"
    assert app.status(Request(request.method, path, request.query, request.headers, request.chunks, request.is_cut)) < 500


@pytest.fixture(scope="module")
def key(folder: Path) -> str:
    return add_connection(Settings.load(data_dir=folder, secret_key=KEY))


@given(request=requests, proved=st.booleans())
@settings(max_examples=200)
def test_the_same_at_the_door_of_a_provider(app: InProcess, key: str, request: Request, proved: bool) -> None:
    headers = [*request.headers, *((b"authorization", BEARER["authorization"].encode()) for _ in range(proved))]
    asked = Request(request.method, f"/webhooks/generic/{key}", request.query, headers, request.chunks, request.is_cut)
    assert app.status(asked) < 500


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[Site]:
    with receiver(folder) as running:
        yield running


lines = st.sampled_from([b"GET / HTTP/1.1", b"POST /u/x HTTP/1.1", b"GET /o/x.gif HTTP/1.0", b"OPTIONS * HTTP/1.1", b"PRI * HTTP/2.0", b""])
heads = st.lists(
    st.binary(max_size=40)
    | st.sampled_from([b"host: x", b"content-length: 5", b"content-length: -5", b"transfer-encoding: chunked", b":"]),
    max_size=6,
)
raw = st.builds(
    lambda first, rest, end, body: b"\r\n".join([first, *rest]) + end + body,
    lines | st.binary(max_size=60),
    heads,
    st.sampled_from([b"\r\n\r\n", b"\n\n", b"\r\n", b""]),
    st.binary(max_size=60) | st.sampled_from([b"5\r\nhello\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"hello", b"\0" * 1000]),
)


@given(sent=raw)
@settings(max_examples=150)
def test_any_bytes_on_the_wire_leave_the_server_well(site: Site, sent: bytes) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        try:
            while chunk := connection.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
    assert not answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 5"))
    assert "Traceback" not in site.log.read_text()


def test_afterwards_it_is_well(site: Site) -> None:
    assert site.http.get("/healthz").status_code == 200
    assert site.http.get(site.urls.open(1)).status_code == 200
