"""Access tokens for signing in at mail servers (XOAUTH2): fetched with a refresh token, kept until shortly before they end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import orjson

from core.errors import Unavailable
from core.providers.deadlines import Deadline, DeadlineTransport
from core.providers.plain_words import plain

_EARLY_SECONDS = 60.0
_USUAL_SECONDS = 3600.0
_TIMEOUT_SECONDS, _LONGEST_SECONDS = 15.0, 20.0
_LARGEST_ANSWER = 64 * 1024


def tokens_of(values: Mapping[str, Any]) -> AccessTokens:
    """Return what fetches the access tokens of a connection.

    Args:
        values: What was entered for the connection, secrets included.
    """
    return AccessTokens(values["oauth_token_url"], values["oauth_client_id"], values["oauth_client_secret"], values["oauth_refresh_token"])


class AccessTokens:
    """Returns the access token of the moment (RFC 6749, section 6).

    Args:
        url: Where tokens are given out.
        client_id: What the provider knows this installation as.
        client_secret: Its secret there; may be empty.
        refresh_token: What somebody consented to once.
        monotonic: A clock that only goes forward, in seconds.
        longest: Seconds after which an answer that drips is given up.
    """

    def __init__(
        self,
        url: str,
        client_id: str,
        client_secret: str,
        refresh_token: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        longest: float = _LONGEST_SECONDS,
    ) -> None:
        self._url, self._monotonic, self._longest = url, monotonic, longest
        self._form = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": refresh_token}
        if client_secret:
            self._form["client_secret"] = client_secret
        self._token, self._until = "", 0.0

    def __call__(self) -> str:
        """Return a token that is good now.

        Raises:
            Unavailable: If none is given out; says why.
        """
        if self._monotonic() >= self._until:
            self._fetch()
        return self._token

    def _fetch(self) -> None:
        try:
            status, body = self._asked()
            given = orjson.loads(body)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            raise Unavailable("No access token could be fetched: the token address does not answer as it should.") from error
        token = given.get("access_token") if isinstance(given, dict) else None
        if not 200 <= status < 300 or not isinstance(token, str) or not token:
            said = plain(str(given.get("error", status)))[:80] if isinstance(given, dict) else str(status)
            raise Unavailable(f"The access token was refused ({said}).", hint="Consent again and enter the new refresh token.")
        lasts = given.get("expires_in")
        seconds = float(lasts) if isinstance(lasts, int | float) and lasts > 0 else _USUAL_SECONDS
        self._token, self._until = token, self._monotonic() + max(seconds - _EARLY_SECONDS, 0.0)

    def _asked(self) -> tuple[int, bytes]:
        """Return the status and the body of the answer, or its beginning: one that is cut off is no JSON."""
        deadline = Deadline()
        transport = DeadlineTransport(deadline, httpx2.Limits(max_connections=1))
        with deadline.within(self._longest), httpx2.Client(timeout=_TIMEOUT_SECONDS, trust_env=False, transport=transport) as client:
            as_it_is = {"Accept-Encoding": "identity"}  # a few bytes, compressed, can say millions
            with client.stream("POST", self._url, data=self._form, headers=as_it_is) as answer:
                body = b""
                for part in answer.iter_raw():
                    body += part
                    if len(body) > _LARGEST_ANSWER:
                        break
                return answer.status_code, body[:_LARGEST_ANSWER]
