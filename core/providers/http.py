"""Talking to a provider's HTTP API, with one rule for all: what certainly did not arrive may be sent again, what may have, never.

An answer settles a request. Without one, only a request that never left (no connection) counts as not sent; whatever broke
after that, half an answer too, leaves its messages uncertain. So does a plain 500, 502 or 504: the provider may have taken
the mail before it failed. 429 and 503 say that nothing was taken.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import orjson

from core.errors import Unavailable
from core.providers.base import Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.deadlines import Deadline, DeadlineTransport
from core.providers.plain_words import plain

# Below the lease of a message (60 s), so that a request is over before another sender may take its messages.
TIMEOUT_SECONDS = 30.0
CONNECT_SECONDS = 10.0
# A body that drips is cut off when the time is over, and what it began with counts; nothing goes on for longer than this times that.
_AT_MOST = 7 / 6
LONGEST_WAIT = timedelta(hours=1)
_LARGEST_ANSWER = 4_000_000
_REASON_LENGTH = 300
_CREDENTIALS = (401, 403)
# Payment due, nothing at that address, or everything moved: only a person can mend it.
_SETTINGS = (301, 302, 307, 308, 402, 404, 405, 407)
_NOT_TAKEN = (408, 429, 503)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider answered, or that it did not.

    Args:
        status: The HTTP status; 0 where no whole answer came.
        body: The answer's body; empty where none came.
        headers: Its headers, names in lower case.
        left: Whether the request may have reached the provider.
        reason: Why there is no answer, in words.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    left: bool = True
    reason: str = ""

    @property
    def is_success(self) -> bool:
        """Whether it is a 2xx."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the body as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return None

    def retry_after(self, now: datetime) -> timedelta | None:
        """Return how long the provider asks us to wait (RFC 9110, 10.2.3), at most an hour; None where it does not say."""
        said = self.headers.get("retry-after", "").strip()
        if said.isascii() and said.isdigit() and len(said) < 9:
            return min(timedelta(seconds=int(said)), LONGEST_WAIT)
        try:
            until = email.utils.parsedate_to_datetime(said)
        except (TypeError, ValueError, IndexError, OverflowError):
            return None
        aware = until if until.tzinfo else until.replace(tzinfo=UTC)
        return min(max(aware - now, timedelta()), LONGEST_WAIT)


class HttpApi:
    """A provider's API over kept connections; safe to use from several threads.

    Args:
        base_url: Where it is.
        headers: Sent with every request; credentials among them.
        auth: User name and password for basic sign-in, or None.
        timeout: Seconds to wait for an answer, from the first word to the last.
    """

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        *,
        timeout: float = TIMEOUT_SECONDS,
    ) -> None:
        self._timeout, self._deadline = timeout, Deadline()
        limits = httpx2.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=5.0)
        # No proxy from the environment and no redirect: mail goes where the connection says, or nowhere.
        self._client = httpx2.Client(
            base_url=base_url,
            headers=dict(headers or {}),
            auth=auth,
            timeout=httpx2.Timeout(timeout, connect=min(timeout, CONNECT_SECONDS)),
            transport=DeadlineTransport(self._deadline, limits),
            trust_env=False,
            follow_redirects=False,
        )

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        form: Any = None,
        parts: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Post something and return the answer; what goes wrong is in it, never an exception.

        Args:
            path: Below the base address.
            json: What is sent as JSON.
            content: Or bytes as they are.
            form: Or form fields.
            parts: Or the parts of a multipart form: their names, each with file name (or None), bytes and media type.
            headers: Further headers of this request.
        """
        return self.request("POST", path, json=json, content=content, form=form, parts=parts, headers=headers)

    def get(self, path: str, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for something and return the answer."""
        return self.request("GET", path, headers=headers)

    def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        content: bytes | None = None,
        form: Any = None,
        parts: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Do one request; see `post`."""
        own = dict(headers or {})
        if json is not None:
            content = orjson.dumps(json)
            own.setdefault("content-type", "application/json")
        try:
            until = time.monotonic() + self._timeout
            with (
                self._deadline.within(self._timeout * _AT_MOST),
                self._client.stream(method, path, content=content, data=form, files=parts, headers=own) as response,
            ):
                return Answer(
                    response.status_code, _bounded(response, until), {name.lower(): value for name, value in response.headers.items()}
                )
        except (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.UnsupportedProtocol,
            httpx2.LocalProtocolError,
        ) as error:
            return Answer(0, left=False, reason=_words(error))
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            # What can't be an address, or can't stand in a header, was found out before anything left.
            return Answer(0, left=not isinstance(error, httpx2.InvalidURL | UnicodeEncodeError), reason=_words(error))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()


def failed(messages: Sequence[OutgoingMessage], answer: Answer, now: datetime, *, said: str = "") -> list[SendResult]:
    """Return what a request that was not a success means for all messages in it.

    Args:
        messages: What was in the request.
        answer: What came back.
        now: The time, for `Retry-After`.
        said: The provider's own words, taken from the body.
    """
    words = plain(said or answer.reason or "no explanation")[:_REASON_LENGTH]
    if not answer.left:
        return untried(messages, f"The provider can't be reached: {words}", Trouble.CONNECTION)
    if answer.status in _CREDENTIALS:
        return untried(messages, f"The provider refused the sign-in ({answer.status}): {words}", Trouble.SIGN_IN)
    if answer.status in _SETTINGS:
        return untried(messages, f"The provider takes no mail with these settings ({answer.status}): {words}", Trouble.SIGN_IN)
    if answer.status in _NOT_TAKEN:
        trouble = Trouble.THROTTLED if answer.status == 429 else Trouble.CONNECTION
        return untried(messages, f"The provider wants us to wait ({answer.status}): {words}", trouble, answer.retry_after(now))
    if 400 <= answer.status < 500:
        return [SendResult(each.message_id, Outcome.REFUSED, f"{answer.status} {words}") for each in messages]
    reason = (
        f"The provider answered {answer.status}: {words}"
        if answer.status
        else f"The connection was lost after the message was handed over: {words}"
    )
    return [SendResult(each.message_id, Outcome.UNCERTAIN, reason[:_REASON_LENGTH], trouble=Trouble.CONNECTION) for each in messages]


def untried(messages: Sequence[OutgoingMessage], reason: str, trouble: Trouble, retry_after: timedelta | None = None) -> list[SendResult]:
    """Return results for messages that certainly were not taken and lose none of their attempts."""
    return [
        SendResult(each.message_id, Outcome.RETRY, reason, attempted=False, trouble=trouble, retry_after=retry_after) for each in messages
    ]


def must_accept(answer: Answer, said: str = "") -> None:
    """Do nothing if a trial request shows that the provider is reached and accepts our credentials.

    Raises:
        Unavailable: If not; says why.
    """
    words = plain(said or answer.reason)[:_REASON_LENGTH]
    if not answer.status:
        raise Unavailable(f"The provider can't be reached: {words}", hint="Check the address and the network of this machine.")
    if answer.status in _CREDENTIALS:
        raise Unavailable(
            f"The provider refused the sign-in ({answer.status}). {words}".strip(), hint="Check the credentials of this connection."
        )
    if answer.status in _SETTINGS:
        raise Unavailable(f"The provider takes no mail with these settings ({answer.status}). {words}".strip(), hint="Check the settings.")
    if answer.status >= 500 or answer.status in _NOT_TAKEN:
        raise Unavailable(f"The provider is out of order ({answer.status}). {words}".strip(), hint="Try again in a while.")


def _bounded(response: httpx2.Response, until: float) -> bytes:
    """Return the body, or its beginning: one that is endless or drips is cut off, for its status has settled everything."""
    parts, size = [], 0
    for part in response.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > _LARGEST_ANSWER or time.monotonic() > until:
            break
    return b"".join(parts)


def _words(error: Exception) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "it did not answer in time"
    return (str(error) or type(error).__name__)[:_REASON_LENGTH]
