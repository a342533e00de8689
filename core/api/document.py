"""The OpenAPI document: what the routes say of themselves, and what holds for all of them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from core.api.problems import KINDS, MEDIA_TYPE, FieldProblem, Problem

VERSION = "1"
TITLE = "Postwright API"
SUMMARY = "The same contacts, templates, campaigns and figures as in the app, for programs."
DESCRIPTION = """\
Send a token with every request, as `Authorization: Bearer …`. Make one under **Admin → API tokens**, or with
`postwright tokens create`. Bodies and answers are JSON, times are UTC in ISO 8601, and cookies mean nothing here.
"""
_SCHEME = {
    "type": "http",
    "scheme": "bearer",
    "description": "An API token (`pw_…`), or the access token of `POST /auth/token`.",
}
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request with the same key within 24 hours is done once and answered alike, with `Idempotent-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
_UNLESS: dict[str, Any] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` you have; 304 if it is still the same.",
    "schema": {"type": "string"},
}
_IF: dict[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` you read; 412 if it was changed meanwhile.",
    "schema": {"type": "string"},
}
_PARAMETERS = {"get": _UNLESS, "post": _KEY, "patch": _IF, "put": _IF, "delete": _IF}
_TAG_HEADER = {"ETag": {"description": "Names this version.", "schema": {"type": "string"}}}
# Which kinds of problem a method can answer with, besides those of every method.
_EVERY = (401, 403, 404, 422, 429)
_OF_METHOD = {
    "get": (),
    "post": (400, 409, 413, 415),
    "patch": (400, 409, 412, 413, 415),
    "put": (400, 409, 412, 413, 415),
    "delete": (409, 412),
}


def document_of(app: FastAPI, base: str) -> dict[str, Any]:
    """Return the document.

    Args:
        app: With all its routes.
        base: Where they are.
    """
    document = get_openapi(
        title=TITLE, version=VERSION, summary=SUMMARY, description=DESCRIPTION, routes=app.routes, servers=[{"url": base}], tags=_tags(app)
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = {"bearer": _SCHEME}
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["FieldProblem"] = FieldProblem.model_json_schema()
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    document["security"] = [{"bearer": []}]
    for methods in document["paths"].values():
        for method, operation in methods.items():
            _complete(method, operation)
    return document


def _complete(method: str, operation: dict[str, Any]) -> None:
    is_open = operation.pop("x-open-to-everybody", False)
    operation.setdefault("x-permission", None)  # the framework leaves out what is null
    if not (is_open and method == "post"):
        operation.setdefault("parameters", []).append(_PARAMETERS[method])
    responses = operation["responses"]
    if method == "get":
        responses["200"]["headers"] = _TAG_HEADER
        responses["304"] = {"description": "It is still what you have."}
    titles = {status: (title, words) for status, title, words in KINDS.values()}
    for status in sorted({*_EVERY, *_OF_METHOD[method]}):
        responses[str(status)] = _response(f"{titles[status][0]}. {titles[status][1]}")
    responses["default"] = _response("Anything else that goes wrong.")


def _response(words: str) -> dict[str, Any]:
    return {"description": words, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _tags(app: FastAPI) -> list[dict[str, str]]:
    found: list[dict[str, str]] = app.openapi_tags or []
    return found
