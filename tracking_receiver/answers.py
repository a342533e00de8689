"""Turning pages and small objects into answers."""

from __future__ import annotations

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from core.contacts.hosted.markup import HostedPage
from tracking_receiver.headers import HTML, PAGE_HEADERS, PRIVATE, as_text
from tracking_receiver.pages import Page

_PAGE = as_text(PAGE_HEADERS)
_HOSTED = as_text([HTML, *PRIVATE])
_JSON = as_text([(b"content-type", b"application/json"), *PRIVATE])


def show(page: Page) -> Response:
    """Return a page as an answer."""
    status, body = page
    return Response(body, status, _PAGE)


def present(page: HostedPage) -> Response:
    """Return a page with a policy of its own as an answer."""
    return Response(page.html.encode(), page.status, {**_HOSTED, "content-security-policy": page.policy})


def tell(status: int, content: Mapping[str, object]) -> Response:
    """Return a JSON object as an answer."""
    return Response(orjson.dumps(content), status, _JSON)
