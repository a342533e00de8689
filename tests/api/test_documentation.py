"""The document and the page made of it, CORS, and settings."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api.app import mount
from core.errors import InvalidInput
from core.settings import Settings
from tests.api.conftest import Program
from tests.api.routes import operations

if TYPE_CHECKING:
    from core.app import Services


def test_the_document_tells_of_every_operation_in_words(nobody: Program):
    document = nobody.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "/api/v1"}]
    for methods in document["paths"].values():
        for method, operation in methods.items():
            assert operation["summary"] and operation["description"]
            assert "x-permission" in operation
            assert "application/problem+json" in operation["responses"]["422"]["content"]
            names = {parameter["name"] for parameter in operation.get("parameters", ())}
            assert method not in {"patch", "put", "delete"} or "If-Match" in names
    assert "HTTPValidationError" not in document["components"]["schemas"]


class Page(HTMLParser):
    """What a page would load, run and lead to."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: set[str] = set()
        self.ids: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        assert not any(name.startswith("on") or name == "style" for name in given)
        if tag in {"script", "img", "iframe", "link"}:
            self.loaded.append(given.get("href") or given.get("src") or "inline")
        if tag == "a":
            self.links.add(given["href"] or "")
        if "id" in given:
            self.ids.append(given["id"] or "")


def test_the_page_runs_nothing_and_asks_nobody_else(nobody: Program):
    answer = nobody.get("/docs")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    page = Page()
    page.feed(answer.text)
    assert page.loaded == ["/favicon.png", "/api/v1/docs.css"]
    assert "script" not in page.tags
    assert nobody.get("/docs.css").headers["content-type"].startswith("text/css")
    assert not re.search(r"url\(|@import", nobody.get("/docs.css").text)


def test_every_link_on_the_page_leads_somewhere(nobody: Program):
    page = Page()
    page.feed(nobody.get("/docs").text)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_the_page_tells_of_every_operation_and_of_every_problem(nobody: Program):
    page = nobody.get("/docs").text
    for operation in operations(nobody.get("/openapi.json").json()):
        assert f"/api/v1{operation.path}" in page
    kind = nobody.get("/me").json()["type"].partition("#")[2]
    assert f'id="{kind}"' in page


def test_the_page_is_not_sent_again_while_it_is_the_same(nobody: Program):
    tag = nobody.get("/docs").headers["etag"]
    assert nobody.get("/docs", headers={"If-None-Match": tag}).status_code == 304


@pytest.fixture
def open_to_shop(services: Services, http: TestClient) -> TestClient:
    services.settings = services.settings.model_copy(update={"cors_origins": "https://shop.example.com, http://localhost:3000"})
    return TestClient(Starlette(routes=mount(lambda: services)))


PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type,idempotency-key"}


def test_a_page_that_was_let_in_may_ask(open_to_shop: TestClient):
    for origin in ("https://shop.example.com", "http://localhost:3000"):
        asked = open_to_shop.options("/api/v1/contacts", headers={"Origin": origin, **PREFLIGHT})
        assert asked.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in asked.headers
        answer = open_to_shop.get("/api/v1/me", headers={"Origin": origin})
        assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (401, origin)
        assert "ETag" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example.com", "null", "https://shop.example.com.evil.example", "http://shop.example.com"])
def test_any_other_page_may_not(open_to_shop: TestClient, nobody: Program, origin: str):
    for client in (open_to_shop, nobody.http):
        assert "access-control-allow-origin" not in client.options("/api/v1/contacts", headers={"Origin": origin, **PREFLIGHT}).headers
        assert "access-control-allow-origin" not in client.get("/api/v1/me", headers={"Origin": origin}).headers


@pytest.mark.parametrize(
    "value",
    ["*", "shop.example.com", "https://shop.example.com/", "https://a.example/x", "ftp://a.example", "https://u@a.example", "https://:1"],
)
def test_what_is_no_origin_is_named_at_start(settings: Settings, value: str):
    with pytest.raises(InvalidInput, match="POSTWRIGHT_CORS_ORIGINS"):
        Settings.load(data_dir=settings.data_dir, cors_origins=f"https://good.example,{value}")


@pytest.mark.parametrize("value", ["memcached://x", "redis", "redis://", "http://127.0.0.1", "redis://127.0.0.1:x"])
def test_what_is_no_redis_is_named_at_start(settings: Settings, value: str):
    with pytest.raises(InvalidInput, match="POSTWRIGHT_RATE_LIMIT_URL"):
        Settings.load(data_dir=settings.data_dir, rate_limit_url=value)
