"""A small OpenID Connect provider on loopback: discovery, consent, code with PKCE, signed ID tokens, user info.

It does what a provider has to do (OpenID Connect Core 1.0, RFC 7636) and refuses what it has to refuse, so that a sign-in that
works here works elsewhere. Who comes by is asked in a page with one link for each person it knows.
"""

from __future__ import annotations

import base64
import hashlib
import html
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.support.product import free_port
from tests.support.waiting import wait_for

CLIENT_ID, CLIENT_SECRET = "postwright-tests", "a-secret-only-the-provider-and-the-app-know"


@dataclass
class IdentityProvider:
    """A provider and the people it knows.

    Args:
        url: Its address, also its name (the issuer).
    """

    url: str
    people: dict[str, dict[str, object]] = field(default_factory=dict)
    claims: dict[str, object] = field(default_factory=dict)  # said of whoever comes next, over what is true of them
    is_down: bool = False
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
        self._codes: dict[str, dict[str, str]] = {}
        self._tokens: dict[str, str] = {}

    @property
    def settings(self) -> dict[str, str]:
        """What an installation has to be told to trust it."""
        return {"OIDC_ISSUER": self.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET, "OIDC_NAME": "Example ID"}

    def add(self, subject: str, email: str, name: str, *, verified: object = True) -> None:
        """Let somebody have an account here."""
        self.people[subject] = {"email": email, "name": name, "email_verified": verified}

    def app(self) -> Starlette:
        """Return its HTTP side."""
        routes = [
            Route("/.well-known/openid-configuration", self._configuration),
            Route("/authorize", self._authorize),
            Route("/choose/{subject}", self._choose),
            Route("/token", self._token, methods=["POST"]),
            Route("/keys", self._keys),
            Route("/userinfo", self._userinfo),
        ]
        return Starlette(routes=routes)

    async def _configuration(self, request: Request) -> Response:
        self.asked.append(request.url.path)
        if self.is_down:
            return PlainTextResponse("down", status_code=503)
        places = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys", "userinfo_endpoint": "userinfo"}
        can = {
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }
        return JSONResponse({"issuer": self.url, **{name: f"{self.url}/{place}" for name, place in places.items()}, **can})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.asked.append(request.url.path)
        good = asked.get("client_id") == CLIENT_ID and asked.get("response_type") == "code" and asked.get("code_challenge_method") == "S256"
        if not good or not asked.get("state") or not asked.get("nonce") or "openid" not in asked.get("scope", "").split():
            return PlainTextResponse("The app asked for something else than a sign-in.", status_code=400)
        query = html.escape(request.url.query)
        links = [
            f'<li><a href="/choose/{html.escape(sub)}?{query}">{html.escape(str(one["name"]))}</a></li>' for sub, one in self.people.items()
        ]
        no = f'<a href="/choose/-?{query}">No, thank you</a>'
        return HTMLResponse(f"<!doctype html><title>Example ID</title><h1>Who are you?</h1><ul>{''.join(links)}</ul>{no}")

    async def _choose(self, request: Request) -> Response:
        asked, subject = dict(request.query_params), request.path_params["subject"]
        if subject == "-":
            answer = {"error": "access_denied", "error_description": "the person said no"}
        else:
            code = secrets.token_urlsafe(16)
            self._codes[code] = {**asked, "subject": subject}
            answer = {"code": code}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({**answer, 'state': asked['state']})}", status_code=302)

    async def _token(self, request: Request) -> Response:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        async with request.form() as form:
            grant = self._codes.pop(str(form.get("code")), {})
            proof = base64.urlsafe_b64encode(hashlib.sha256(str(form.get("code_verifier")).encode()).digest()).rstrip(b"=").decode()
            if not grant or proof != grant["code_challenge"] or form.get("redirect_uri") != grant["redirect_uri"]:
                return JSONResponse({"error": "invalid_grant"}, status_code=400)
        access = secrets.token_urlsafe(16)
        self._tokens[access] = grant["subject"]
        id_token = jwt.encode({"alg": "RS256", "kid": "one"}, self._id_token(grant, access), self._key)
        return JSONResponse({"access_token": access, "token_type": "Bearer", "expires_in": 300, "id_token": id_token})

    def _id_token(self, grant: dict[str, str], access: str) -> dict[str, Any]:
        now = int(time.time())
        half = hashlib.sha256(access.encode()).digest()[:16]
        said: dict[str, Any] = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "sub": grant["subject"],
            "iat": now,
            "exp": now + 600,
            "nonce": grant["nonce"],
        }
        said |= {"at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(), **self.people[grant["subject"]], **self.claims}
        self.claims = {}
        return said

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def _userinfo(self, request: Request) -> Response:
        subject = self._tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if subject is None:
            return JSONResponse({"error": "invalid_token"}, status_code=401)
        return JSONResponse({"sub": subject, **self.people[subject]})


@contextmanager
def identity_provider() -> Iterator[IdentityProvider]:
    """Yield a provider that answers; it is gone at the end."""
    port = free_port()
    provider = IdentityProvider(f"http://127.0.0.1:{port}")
    server = uvicorn.Server(uvicorn.Config(provider.app(), port=port, log_level="warning", lifespan="off", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_for(lambda: server.started, "the identity provider to listen")
    try:
        yield provider
    finally:
        server.should_exit = True
        thread.join()
