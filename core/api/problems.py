"""What the API says when something is refused or fails: one shape for all of it (RFC 9457)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from core.errors import Conflict, Denied, InvalidInput, NotFound, PostwrightError, Unavailable
from core.ids import random_name

_log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"
DOCS = "/api/v1/docs"

# Every kind of problem: its status, its title, and what the documentation says about it.
KINDS: dict[str, tuple[int, str, str]] = {
    "malformed": (400, "The request can't be read", "The body is not JSON, or a header is not what it should be."),
    "unauthenticated": (
        401,
        "Who are you?",
        "No token, or one that is unknown, over or revoked. Bring another in `Authorization: Bearer …`.",
    ),
    "denied": (403, "You may not do this", "The token is good, but its scopes or its person’s role don't allow this."),
    "not-found": (404, "There is no such thing", "Nothing has this address or number in your workspace."),
    "method": (405, "That can't be done here", "The address exists, but not with this method; `Allow` names those that do."),
    "timeout": (408, "That took too long", "The request's body did not arrive in time."),
    "conflict": (409, "That does not fit how things stand", "Somebody was first, or the thing is in a state that doesn't allow this."),
    "changed": (412, "It was changed meanwhile", "`If-Match` names another version. Read it again, then repeat your change."),
    "too-large": (413, "The request is too large", "A body can have 1 MiB, 16 MiB where files come with it, a file to import 512 MiB."),
    "media-type": (415, "The body has to be JSON", "Send `Content-Type: application/json`."),
    "invalid": (422, "Something can't be used as it is", "`detail` and `errors` say what and why. Correct it and send it again."),
    "too-many": (429, "Too many requests", "`Retry-After` says in how many seconds to try again."),
    "unexpected": (500, "Something went wrong", "A fault of ours. `error_id` is in the server’s log as well."),
    "unavailable": (503, "Not at the moment", "A database or disk does not answer. Try again later."),
}
_OF_ERROR: tuple[tuple[type[PostwrightError], str], ...] = (
    (InvalidInput, "invalid"),
    (NotFound, "not-found"),
    (Denied, "denied"),
    (Conflict, "conflict"),
    (Unavailable, "unavailable"),
)
_OF_STATUS = {status: kind for kind, (status, _, _) in KINDS.items()}


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    location: str = Field(description="Where: `body.email`, `query.limit`, `path.contact_id`.", examples=["body.email"])
    message: str = Field(description="What is wrong with it.", examples=["Field required"])


class Problem(BaseModel):
    """What every refusal and every failure looks like (RFC 9457)."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(description="Which kind of problem; leads to its explanation.", examples=[f"{DOCS}#problem-not-found"])
    title: str = Field(description="The kind in words.", examples=["There is no such thing"])
    status: int = Field(description="The HTTP status.", examples=[404])
    detail: str = Field(description="What happened this time.", examples=["There is no such contact."])
    hint: str = Field("", description="What to do about it; may be empty.")
    instance: str = Field(description="The address that was asked for.", examples=["/api/v1/contacts/7"])
    errors: list[FieldProblem] | None = Field(None, description="Which parts of the request can't be used; only with status 422.")
    error_id: str | None = Field(None, description="Names the entry in the server's log; only with status 500.")


class Refusal(Exception):
    """A request that is answered with a problem.

    Args:
        kind: Of `KINDS`.
        detail: What happened, without anybody's data.
        hint: What to do.
        headers: Further headers of the answer.
    """

    def __init__(self, kind: str, detail: str, *, hint: str = "", headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.hint, self.headers = kind, detail, hint, dict(headers or {})


def answer_to(error: Exception, request: Request) -> Response:
    """Return the problem that tells of an error: a known one in its own words, any other with an id that is also in the log."""
    if isinstance(error, Refusal):
        return problem(request, error.kind, error.detail, hint=error.hint, headers=error.headers)
    if isinstance(error, PostwrightError):
        kind = next((kind for known, kind in _OF_ERROR if isinstance(error, known)), "conflict")
        return problem(request, kind, error.message, hint=error.hint, headers={"Retry-After": "5"} if kind == "unavailable" else None)
    if isinstance(error, RequestValidationError):
        return _invalid(request, error)
    if isinstance(error, HTTPException):
        return _of_http(request, error)
    error_id = _reported(error)
    return problem(request, "unexpected", "Nothing is known to be lost. Try again.", more={"error_id": error_id})


def problem(
    request: Request,
    kind: str,
    detail: str,
    *,
    hint: str = "",
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, Any] | None = None,
) -> Response:
    """Return an answer of a kind.

    Args:
        request: What was asked.
        kind: Of `KINDS`.
        detail: What happened.
        hint: What to do.
        headers: Further headers.
        more: Further members of the body.
    """
    status, title, _ = KINDS[kind]
    body = {"type": f"{DOCS}#problem-{kind}", "title": title, "status": status, "detail": detail, "hint": hint}
    body |= {"instance": _harmless(request.url.path), **(more or {})}
    return Response(orjson.dumps(body), status, {"Cache-Control": "no-store", **(headers or {})}, MEDIA_TYPE)


def _invalid(request: Request, error: RequestValidationError) -> Response:
    # The values themselves are left out: they may be somebody's, and problems end up in logs.
    errors: Sequence[Any] = error.errors()
    listed = [{"location": _location(one["loc"]), "message": _message(one)} for one in errors[:50]]
    first = listed[0] if listed else {"location": "body", "message": "it can't be used"}
    detail = f"{first['location']}: {first['message']}"
    return problem(request, "invalid", _harmless(detail), hint="The documentation says what each part may be.", more={"errors": listed})


def _message(error: Any) -> str:
    if error["type"] == "union_tag_invalid":  # the one message that quotes what was sent, at whatever length
        return f"{error['ctx']['discriminator']} must be one of {error['ctx']['expected_tags']}"
    return str(error["msg"]).removeprefix("Value error, ")


def _location(parts: Sequence[object]) -> str:
    return _harmless(".".join(map(str, parts)))[:200]


def _of_http(request: Request, error: HTTPException) -> Response:
    kind = _OF_STATUS.get(error.status_code, "malformed")
    details = {"not-found": "Nothing is at this address.", "method": f"{request.method} can't be used here."}
    hint = "The documentation lists every address." if kind in details else ""
    return problem(request, kind, details.get(kind, KINDS[kind][2]), hint=hint, headers=error.headers)


def _harmless(text: str) -> str:
    """Return text that can be written as UTF-8, whatever a client sent."""
    return text.encode("utf-8", "replace").decode()


def _reported(error: Exception) -> str:
    """Write an unexpected error to the log and return its id; without its message, which may hold somebody's data."""
    error_id = random_name(8)
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames[-6:]))
    _log.error("unexpected error", extra={"error_id": error_id, "kind": type(error).__name__, "where": where})
    return error_id
