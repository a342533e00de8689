"""Answers of the hot path, ready for ASGI and for the wire."""

from __future__ import annotations

from http import HTTPStatus
from typing import NamedTuple

from core.storage.event_record import EventRecord

Headers = list[tuple[bytes, bytes]]


class Reply(NamedTuple):
    """An answer.

    Args:
        status: Its status.
        headers: Its headers, with the length of the body.
        body: Its body; not sent to a HEAD.
        head: Status line and headers as they go over the wire, without the empty line that ends them.
    """

    status: int
    headers: Headers
    body: bytes
    head: bytes


class Hit(NamedTuple):
    """What a request of the hot path comes to.

    Args:
        record: The line to write before the answer leaves; None where nothing happened that counts.
        reply: The answer.
        unnoted: The answer where the line could not be written.
        route: Which route it was, for the numbers.
    """

    record: EventRecord | None
    reply: Reply
    unnoted: Reply
    route: str


def reply(status: int, headers: Headers, body: bytes = b"") -> Reply:
    """Return an answer; its length is added."""
    complete = [*headers, (b"content-length", str(len(body)).encode())]
    line = f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n".encode()
    return Reply(status, complete, body, line + b"".join(name + b": " + value + b"\r\n" for name, value in complete))


def with_header(base: Reply, name: bytes, value: bytes) -> Reply:
    """Return an answer with one more header; the value must not hold a line's end."""
    return Reply(base.status, [*base.headers, (name, value)], base.body, base.head + name + b": " + value + b"\r\n")
