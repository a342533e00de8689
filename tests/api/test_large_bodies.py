"""Large bodies share little room: none that drips keeps it, and no workspace has all of it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette

from core.api.app import mount
from core.permissions import Principal
from tests.api.conftest import Login, Member

if TYPE_CHECKING:
    from core.app import Services

FILE = {"name": "a.bin", "content_type": "application/octet-stream", "data": base64.b64encode(b"x" * 1_000_000).decode()}
BODY = json.dumps(
    {"to": "ada@example.com", "from_email": "shop@example.com", "subject": "Yours", "text": "Thanks", "attachments": [FILE]}
).encode()
Chunk = Callable[[], Awaitable[bytes | None]]


async def post(app: Starlette, token: str, chunk: Chunk, length: int = 12_000_000) -> int:
    """Send a body that comes in chunks, until there is None; return the status."""
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json", "content-length": str(length)}
    scope: dict[str, Any] = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http", "path": "/api/v1/messages",
        "raw_path": b"/api/v1/messages", "root_path": "", "query_string": b"", "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    said: list[int] = []

    async def receive() -> dict[str, Any]:
        part = await chunk()
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            said.append(message["status"])

    await app(scope, receive, send)
    return said[0]


def whole(body: bytes) -> Chunk:
    parts = [body, None]

    async def chunk() -> bytes | None:
        return parts.pop(0)

    return chunk


@pytest.fixture
def app(services: Services) -> Starlette:
    return Starlette(routes=mount(lambda: services))


def test_slow_bodies_of_one_workspace_leave_room_for_the_others(app: Starlette, services: Services, member: Member, program: Login) -> None:
    books = Principal.system(services.workspaces.create("Books").id)
    ours, theirs = program(member()), program(member(email="bea@example.com", where=books), where=books)

    async def run() -> int:
        over, both, begun = asyncio.Event(), asyncio.Event(), 0

        async def slow() -> None:
            nonlocal begun
            begun += 1
            if begun == 2:
                both.set()
            await over.wait()

        held = [asyncio.create_task(post(app, ours.token, slow)) for _ in range(12)]
        await asyncio.wait_for(both.wait(), 20)
        status = await asyncio.wait_for(post(app, theirs.token, whole(BODY), len(BODY)), 20)
        assert begun == 2, "more of them have room than one workspace may"
        over.set()
        await asyncio.gather(*held)
        return status

    assert asyncio.run(run()) == 202


def test_a_large_body_that_drips_is_given_up_soon(app: Starlette, member: Member, program: Login) -> None:
    ours = program(member())

    async def run() -> int:
        never = asyncio.Event()

        async def drip() -> bytes:
            try:
                await asyncio.wait_for(never.wait(), 0.05)
            except TimeoutError:
                return b" "
            return b""

        return await post(app, ours.token, drip)

    began = time.monotonic()
    assert asyncio.run(run()) == 408
    assert time.monotonic() - began < 20


def test_a_large_body_that_comes_at_a_fair_pace_is_taken(app: Starlette, member: Member, program: Login) -> None:
    ours = program(member())
    assert asyncio.run(post(app, ours.token, whole(BODY), len(BODY))) == 202
