"""Fetching the token that signs in at a mail server, from an address that may answer anything."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain, repeat

import orjson
import pytest

from core.errors import Unavailable
from core.providers.smtp.access_tokens import AccessTokens

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@contextmanager
def answering(*said: bytes, more: bytes = b"", every: float = 0.0) -> Iterator[Callable[..., AccessTokens]]:
    """Run a token address that says this, and then the same again and again until nobody listens; yield what asks it."""
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65_536)
            for each in chain(said, repeat(more) if more else ()):
                if over.wait(every):
                    return
                try:
                    self.request.sendall(each)
                except OSError:
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads, block_on_close = True, False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield lambda **options: AccessTokens(f"http://127.0.0.1:{server.server_address[1]}/", "id", "", "refresh", **options)
        finally:
            over.set()
            server.shutdown()
            thread.join()


def told(status: str, **fields: object) -> bytes:
    body = orjson.dumps(fields)
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def test_a_token_is_fetched_once_until_it_ends() -> None:
    now = 0.0
    with answering(told("200 OK", access_token="a-token", expires_in=600)) as tokens:
        ours = tokens(monotonic=lambda: now)
        assert ours() == "a-token"
    assert ours() == "a-token"  # nobody is there to be asked
    now = 541.0
    with pytest.raises(Unavailable, match="No access token"):
        ours()


def test_a_refusal_is_told_in_plain_words() -> None:
    with answering(told("400 Bad Request", error="invalid\x1b[31m\0grant")) as tokens, pytest.raises(Unavailable, match="refused") as error:
        tokens()()
    assert "(invalid [31m grant)" in str(error.value)


def test_an_endless_answer_is_given_up() -> None:
    with answering(HEAD + b"\r\n", more=b" " * 60_000) as tokens, pytest.raises(Unavailable, match="No access token"):
        tokens()()


@pytest.mark.parametrize("said", [HEAD, HEAD + b"X-A: ", HEAD + b"\r\n{"])
def test_an_answer_that_drips_is_given_up(said: bytes) -> None:
    with answering(said, more=b"x", every=0.02) as tokens, pytest.raises(Unavailable, match="No access token"):
        tokens(longest=0.3)()
