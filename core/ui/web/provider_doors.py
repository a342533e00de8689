"""The way to the identity provider and back: what Streamlit's own routes for it leave open is closed here.

They send everybody to the start, say nothing where something failed, and leave a cookie for thirty days that says who
somebody is, with the provider's tokens beside it. Here a deep link survives, a failure becomes words, and the cookie lives for
the seconds it takes to exchange it for a session of ours.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from enum import StrEnum
from urllib.parse import parse_qs, quote, unquote, urlsplit

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette import starlette_auth_routes
from streamlit.web.server.starlette.starlette_server_config import TOKENS_COOKIE_NAME, USER_COOKIE_NAME

from core.ui.services import services

LOGIN, LOGOUT, CALLBACK = "/auth/login", "/auth/logout", "/oauth2callback"
FAILURE = "sign_in"  # the query parameter that tells the sign-in form what went wrong

_log = logging.getLogger(__name__)
_BACK = "postwright_back"
_SECONDS_AWAY = 900  # that somebody may take at the provider before we forget where they wanted to go
_SECONDS_BELIEVED = 120  # the cookie is exchanged at once; a slow phone gets two minutes
_LONGEST_BACK = 1024
_SAID_NO = frozenset({"access_denied", "consent_required", "interaction_required", "login_required", "account_selection_required"})
_IS_DOWN = frozenset({"server_error", "temporarily_unavailable"})


class _OneLine(logging.Filter):
    """Leaves of what Streamlit logs here the kind of failure: its tracebacks are long, and the provider's words may name somebody."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a record on its way; none is dropped."""
        error = record.exc_info[1] if record.exc_info else None
        what = str(record.msg).partition("%")[0].partition(".")[0].partition(";")[0].rstrip(" :'")
        kind = " ".join(filter(None, [type(error).__name__, str(getattr(error, "error", "") or "")[:60]])) if error else ""
        record.msg, record.args, record.exc_info = f"{what} ({kind})" if kind else what, (), None
        return True


logging.getLogger(starlette_auth_routes.__name__).addFilter(_OneLine())


class Failure(StrEnum):
    """Why somebody came back without having signed in."""

    DECLINED = "declined"
    UNAVAILABLE = "unavailable"
    UNFINISHED = "unfinished"


class ProviderDoors:
    """Stands, as plain ASGI, in front of Streamlit's routes for signing in elsewhere.

    Args:
        app: What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in place of Streamlit where it would say too little or keep too much; pass on everything else."""
        if scope["type"] != "http" or scope["method"] not in {"GET", "HEAD"} or scope["path"] not in {LOGIN, LOGOUT, CALLBACK}:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if scope["path"] == LOGOUT or services().identities.provider is None:
            answer: Response = PlainTextResponse("There is nothing here.", status_code=404)
        elif scope["path"] == LOGIN:
            answer = await self._leave(request, receive)
        else:
            answer = await self._come_back(request, receive)
        await answer(scope, receive, send)

    async def _leave(self, request: Request, receive: Receive) -> Response:
        """Send somebody to the provider and note where they wanted to go."""
        page = urlsplit(request.headers.get("referer", ""))
        home = services().settings.app_url
        if page.netloc and f"{page.scheme}://{page.netloc}" != home:
            # The provider sends people back to the one address it knows, where cookies of any other name would be missing.
            return RedirectResponse(f"{home}{LOGIN}?{request.url.query}", status_code=302)
        back = local_path(f"{page.path}?{page.query}" if page.query else page.path)
        found = await self._ask(request, receive)
        if found is None or not found["location"].startswith(("http://", "https://")):
            return _redirect(back, Failure.UNAVAILABLE)
        answer = RedirectResponse(found["location"], status_code=302)
        _copy_cookies(found, answer)
        answer.set_cookie(_BACK, quote(back), max_age=_SECONDS_AWAY, path=CALLBACK, httponly=True, samesite="lax", secure=_is_https())
        return answer

    async def _come_back(self, request: Request, receive: Receive) -> Response:
        """Bring somebody who comes from the provider to where they wanted to go, with the cookie or with a reason."""
        back = local_path(unquote(request.cookies.get(_BACK, "")))
        found = await self._ask(request, receive)
        signed_in = found is not None and any(_is_set(cookie, USER_COOKIE_NAME) for cookie in found.getlist("set-cookie"))
        answer = _redirect(back, None if signed_in else _why(request))
        if found is not None:
            _copy_cookies(found, answer)
        answer.delete_cookie(_BACK, path=CALLBACK, httponly=True, samesite="lax", secure=_is_https())
        return answer

    async def _ask(self, request: Request, receive: Receive) -> Headers | None:
        """Let Streamlit answer; return the headers of its redirect, or None where there was none."""
        started: list[Message] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)

        try:
            await self._app(request.scope, receive, keep)
        except Exception as error:  # whatever the provider's answer led to: the person gets words
            _log.warning("the identity provider could not be asked", extra={"kind": type(error).__name__})
            return None
        headers = Headers(raw=started[0]["headers"]) if started else Headers()
        return headers if "location" in headers else None


def forget_provider(request: Request, answer: Response) -> None:
    """Take away the cookie that says who somebody is at the provider: it has done its work, or they are leaving."""
    for name in request.cookies:
        if name.startswith(USER_COOKIE_NAME):
            answer.delete_cookie(name, path="/", httponly=True, samesite="lax")


def local_path(path: str) -> str:
    """Return a path of this app as it is, and the start for anything that could lead elsewhere.

    Args:
        path: With its query; from a header or a cookie, so it may be anything.
    """
    plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    inside = path.startswith("/") and not path.startswith("//") and urlsplit(path).path not in {LOGIN, LOGOUT, CALLBACK}
    return path if plain and inside and len(path) <= _LONGEST_BACK else "/"


def _why(request: Request) -> Failure:
    said = request.query_params.get("error", "")
    if said in _SAID_NO:
        return Failure.DECLINED
    return Failure.UNAVAILABLE if said in _IS_DOWN else Failure.UNFINISHED


def _redirect(back: str, failure: Failure | None) -> Response:
    parts = urlsplit(back)
    kept = [one for one in parts.query.split("&") if one and FAILURE not in parse_qs(one)]
    query = "&".join([*kept, *([f"{FAILURE}={failure}"] if failure else [])])
    return RedirectResponse(f"{parts.path}?{query}" if query else parts.path, status_code=302, headers={"Cache-Control": "no-store"})


def _copy_cookies(found: Headers, answer: Response) -> None:
    for cookie in _hardened(found.getlist("set-cookie")):
        answer.raw_headers.append((b"set-cookie", cookie.encode("latin-1")))


def _hardened(cookies: Sequence[str]) -> list[str]:
    """Return Streamlit's cookies without the provider's tokens, short-lived, and over https only where that is how people come."""
    kept = [cookie for cookie in cookies if not _is_set(cookie, TOKENS_COOKIE_NAME)]
    short = [re.sub(r"(?i)max-age=\d+", f"Max-Age={_SECONDS_BELIEVED}", one) if _is_set(one, USER_COOKIE_NAME) else one for one in kept]
    return [f"{one}; Secure" if _is_https() and "; secure" not in one.lower() else one for one in short]


def _is_set(cookie: str, name: str) -> bool:
    """Return whether a cookie of this name, or a part of one that was split, is given a value."""
    value = re.match(rf"{re.escape(name)}(?:_\d+)?=([^;]*)", cookie)
    return value is not None and value.group(1) not in {"", '""'}


def _is_https() -> bool:
    return urlsplit(services().settings.app_url).scheme == "https"
