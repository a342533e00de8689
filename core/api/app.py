"""The REST API as one ASGI application, mounted by the app's server under `/api/v1`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache, partial
from threading import Lock

import orjson
from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api import documentation
from core.api.document import TITLE, VERSION, document_of
from core.api.door import Door, tag_of
from core.api.edge import Edge
from core.api.front import Front
from core.api.problems import answer_to
from core.api.resources import (
    auth,
    brand_kits,
    campaigns,
    contacts,
    conversions,
    events,
    fields,
    forms,
    imports,
    invitations,
    lists,
    me,
    messages,
    notes,
    people,
    pictures,
    preflight,
    privacy,
    recipients,
    seed_addresses,
    suppressions,
    tags,
    template_files,
    template_languages,
    templates,
    tokens,
    workspaces,
)
from core.app import Services

BASE = "/api/v1"
# Invitations before people: at its address a person's number would be expected otherwise.
RESOURCES = (
    auth,
    me,
    workspaces,
    invitations,
    people,
    tokens,
    contacts,
    imports,
    lists,
    tags,
    notes,
    fields,
    suppressions,
    forms,
    templates,
    template_files,
    template_languages,
    pictures,
    brand_kits,
    preflight,
    campaigns,
    seed_addresses,
    recipients,
    messages,
    events,
    conversions,
    privacy,
)
_EXPOSED = ("ETag", "Location", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Idempotent-Replayed")
_MAY_SEND = ("Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match")


@dataclass(frozen=True)
class _Document:
    """What is served under an address, the same to everybody.

    Args:
        body: Its bytes.
        media_type: What they are.
        headers: What is said besides.
    """

    body: bytes
    media_type: str
    headers: dict[str, str] = field(default_factory=dict)


def make_app(services: Services) -> ASGIApp:
    """Return the API over these services.

    Args:
        services: Everything the product can do.
    """
    app = FastAPI(title=TITLE, version=VERSION, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.openapi_tags = [{"name": str(module.router.tags[0]), "description": inspect.getdoc(module) or ""} for module in RESOURCES]
    front = Front(services)
    app.state.front = front
    for module in RESOURCES:
        app.include_router(module.router)
    front.readers |= {door.path_format: door.reader() for door in doors() if "GET" in (door.methods or ())}
    for kind in (Exception, 404, 405):
        app.add_exception_handler(kind, _as_problem)
    _add_documents(app)
    origins = services.settings.allowed_origins
    if origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=origins,
            allow_methods=["GET", "POST", "PATCH", "PUT", "DELETE"],
            allow_headers=_MAY_SEND,
            expose_headers=_EXPOSED,
            max_age=600,
        )
    return Edge(app, base=BASE, shares=bool(origins))


def doors(routers: Iterable[APIRouter] = ()) -> list[Door]:
    """Return every route of the API."""
    return [route for router in routers or (module.router for module in RESOURCES) for route in router.routes if isinstance(route, Door)]


def mount(services: Callable[[], Services]) -> list[BaseRoute]:
    """Return the API as routes of the app's server; its bare address leads to the documentation.

    Args:
        services: Returns the services of the process; they are asked for with the first request, not before.
    """
    api = Mount(BASE, app=_Lazy(services))
    api.path_regex = re.compile(api.path_regex.pattern, re.DOTALL)  # an address with a line break in it is answered like any other
    return [Route(BASE, _to_documentation), api]


class _Lazy:
    """Makes the API with the first request, and anew where the services are others (tests).

    Args:
        services: Returns the services of the process.
    """

    def __init__(self, services: Callable[[], Services]) -> None:
        self._services, self._lock = services, Lock()
        self._made: tuple[Services, ASGIApp] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        made = self._made
        if made is None or made[0] is not self._services():
            made = await run_in_threadpool(self._make)
        await made[1](scope, receive, send)

    def _make(self) -> tuple[Services, ASGIApp]:
        with self._lock:
            services = self._services()
            if self._made is None or self._made[0] is not services:
                self._made = (services, make_app(services))
            return self._made


async def _to_documentation(_: Request) -> Response:
    return RedirectResponse(f"{BASE}/docs", status_code=307)


async def _as_problem(request: Request, error: Exception) -> Response:
    answer = answer_to(error, request)
    if answer.status_code == 405:  # the framework names the methods of the first route at an address only
        path = str(request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
        answer.headers["Allow"] = ", ".join(
            sorted({method for door in doors() if door.path_regex.match(path) for method in door.methods or ()})
        )
    return answer


def _add_documents(app: FastAPI) -> None:
    """Serve the OpenAPI document, the page made of it and its style; made when somebody first asks, as that takes a third of a second."""
    made = cache(partial(_documents, app))
    app.add_route("/", _to_documentation, methods=["GET"], include_in_schema=False)
    for path in ("/openapi.json", "/docs", "/docs.css"):
        _serve(app, path, made)


def _documents(app: FastAPI) -> dict[str, _Document]:
    document = document_of(app, BASE)
    policy = {"Content-Security-Policy": documentation.POLICY}
    return {
        "/openapi.json": _Document(orjson.dumps(document), "application/json"),
        "/docs": _Document(documentation.page(document).encode(), "text/html; charset=utf-8", policy),
        "/docs.css": _Document(documentation.STYLE.read_bytes(), "text/css; charset=utf-8"),
    }


def _serve(app: FastAPI, path: str, made: Callable[[], dict[str, _Document]]) -> None:
    async def answer(request: Request) -> Response:
        served = (await run_in_threadpool(made))[path]
        tag = tag_of(served.body)
        fixed = {"ETag": tag, "Cache-Control": "public, max-age=300", **served.headers}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=fixed)
        return Response(served.body, headers=fixed, media_type=served.media_type)

    app.add_route(path, answer, methods=["GET"], include_in_schema=False)
