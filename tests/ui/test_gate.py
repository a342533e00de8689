"""What is refused before Streamlit sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from core.storage.tables import workspaces
from core.ui.web.gate import Gate

if TYPE_CHECKING:
    from core.app import Services

HOME = "http://127.0.0.1:8501"
FILE = "/_stcore/upload_file/session/file"


async def _take(request: Request) -> PlainTextResponse:
    return PlainTextResponse("taken" if await request.body() else "nothing")


async def _talk(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close()


@pytest.fixture
def browser(shared: Services) -> TestClient:
    routes = [Route(FILE, _take, methods=["PUT", "DELETE", "OPTIONS"]), WebSocketRoute("/_stcore/stream", _talk)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Gate)]), base_url=HOME)


@pytest.mark.parametrize("origin", [HOME, HOME.replace("http", "https")])
def test_our_own_page_gets_a_websocket(browser: TestClient, origin: str):
    with browser.websocket_connect("/_stcore/stream", headers={"Origin": origin, "Host": "127.0.0.1:8501"}):
        pass


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8600", "http://localhost:8501", "http://127.0.0.1", "https://evil.example", "null", ""]
)
def test_no_other_page_gets_a_websocket(browser: TestClient, origin: str):
    with pytest.raises(WebSocketDisconnect), browser.websocket_connect("/_stcore/stream", headers={"Origin": origin}):
        pass


def test_behind_a_proxy_that_changes_the_host_the_public_address_counts(browser: TestClient, shared: Services):
    headers = {"Origin": shared.settings.app_url, "Host": "app.internal:9000"}
    with browser.websocket_connect("/_stcore/stream", headers=headers):
        pass


def test_only_somebody_signed_in_may_leave_a_file(browser: TestClient, shared: Services, ticket: str):
    headers = {"Origin": HOME}
    assert browser.put(FILE, content=b"much", headers=headers).status_code == 403
    assert browser.delete(FILE, headers=headers).status_code == 403
    token = shared.sessions.redeem(ticket, "", "")
    assert browser.put(FILE, content=b"much", headers={**headers, "Cookie": "__Host-sid=made-up"}).status_code == 403
    assert browser.put(FILE, content=b"much", headers={**headers, "Cookie": f"__Host-sid={token}"}).text == "taken"
    shared.sessions.revoke(token)
    assert browser.put(FILE, content=b"much", headers={**headers, "Cookie": f"__Host-sid={token}"}).status_code == 403


def test_whoever_owes_a_second_factor_leaves_no_file_yet(browser: TestClient, shared: Services, ticket: str):
    token = shared.sessions.redeem(ticket, "", "")
    with shared.db.transaction() as connection:
        connection.execute(sa.update(workspaces).values(requires_two_factor=True))
    assert browser.put(FILE, content=b"much", headers={"Origin": HOME, "Cookie": f"__Host-sid={token}"}).status_code == 403
