"""SendGrid's official client, carried by our own transport.

The library writes the request: host, version, path, credentials. On its own it would then open a connection for each request,
ask the environment for a proxy, follow redirects with the body left behind and know one time limit for everything, so that
nobody could tell a request that never left from one that was lost. Its `_make_request` is the place it keeps for another way.
"""

from __future__ import annotations

from typing import Any

from python_http_client import Client
from sendgrid import SendGridAPIClient

from core.providers.http import TIMEOUT_SECONDS, Answer, HttpApi

# With exactly application/json the library would encode the request itself, at a fifth of orjson's pace; what is called
# anything else it takes as text.
JSON_TEXT = "application/json; charset=utf-8"
_JSON_HEADERS = {"Content-Type": JSON_TEXT}


class SendGridClient:
    """Calls SendGrid's API; what goes wrong is in the answer, never an exception.

    Args:
        api_key: The key.
        api_url: Where the API is, without its version.
        timeout: Seconds to wait for an answer.
    """

    def __init__(self, api_key: str, api_url: str, *, timeout: float = TIMEOUT_SECONDS) -> None:
        official = SendGridAPIClient(api_key, host=api_url.rstrip("/"))
        self._api = HttpApi(official.host, timeout=timeout)
        headers = official.client.request_headers | _JSON_HEADERS
        self._client = _Carried(self._api, host=official.host, request_headers=headers, version=3)

    def send_mail(self, body: bytes) -> Answer:
        """Send mail.

        Args:
            body: What to send, as JSON.
        """
        return self._answer(self._client.mail.send.post(request_body=_Text(body)))

    def scopes(self) -> Answer:
        """Ask what the key may do."""
        return self._answer(self._client.scopes.get())

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _answer(self, response: Any) -> Answer:
        answer: Answer = response.headers["answer"]
        return answer


class _Text:
    """A body as the library takes one: a text, which it encodes.

    Args:
        body: What it encodes to.
    """

    def __init__(self, body: bytes) -> None:
        self._body = _Body(body)

    def encode(self, _encoding: str) -> bytes:
        """Return the body."""
        return self._body


class _Body(bytes):
    """A body that is not written out: the library puts each one into a line for its log, be that read or not.

    That took more time than all else a request needs, and a log is no place for whom mail goes to.
    """

    def __format__(self, _spec: str) -> str:
        return f"{len(self)} bytes"


class _Carried(Client):  # type: ignore[misc]
    """The library's client over our connections."""

    def __init__(self, api: HttpApi, **kept: Any) -> None:
        super().__init__(**kept)
        self._api = api

    def _build_client(self, name: str | None = None) -> _Carried:
        path = [*self._url_path, name] if name else self._url_path
        return _Carried(self._api, host=self.host, version=self._version, request_headers=self.request_headers, url_path=path)

    def _make_request(self, _opener: Any, request: Any, timeout: float | None = None) -> _Response:
        headers = {name.lower(): value for name, value in request.header_items()}
        return _Response(self._api.request(request.get_method(), request.full_url, content=request.data, headers=headers))


class _Response:
    """An answer as the library reads one."""

    def __init__(self, answer: Answer) -> None:
        self._found = answer

    def getcode(self) -> int:
        """Return the status."""
        return self._found.status

    def read(self) -> bytes:
        """Return the body."""
        return self._found.body

    def info(self) -> dict[str, Any]:
        """Return the whole answer as what the library hands through."""
        return {"answer": self._found}
