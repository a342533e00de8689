"""Send through Brevo: up to 500 messages of one sender in a request, each as a “version” of its own.

https://developers.brevo.com/reference/send-transac-email and https://developers.brevo.com/docs/batch-send-transactional-emails:
1,000 versions a request. Brevo looks over all of them before it takes any, and does not always say which one it dislikes. It writes
a Message-ID of its own; open and click tracking can only be turned off in its own settings.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from email.utils import parseaddr
from typing import Any
from uuid import UUID, uuid5

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, hand_over, looked_over, messages_of
from core.providers.http import LONGEST_WAIT, TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, full_id, reason
from core.providers.services import (
    in_base64,
    is_about_the_sender,
    lacking,
    must_be_set_up,
    parcels,
    post_json,
    small_enough,
    without_message_id,
    without_specials,
)

API_URL = "https://api.brevo.com/v3"
BATCH_SIZE = 500
_MOST_BYTES, _LARGEST = 8_000_000, 20_000_000
_KEYS = UUID("6d1c1b5e-2f0f-5d3c-9a51-0d8f7a3b7c10")
# What a version does not say for itself would be taken from here, so nothing of anybody's own may stand here.
_NOBODYS = {"subject": "…", "htmlContent": "<html><body></body></html>"}
# A brace that opens something, and what means the same to a reader: an entity in HTML, a space behind it in styles (which know no
# entities, but have "{#name{…"), elsewhere a joiner of no width.
_OPENING = re.compile(r"\{(?=[{%#])")
_ENTITY, _SPACE, _JOINER = "&#123;", "{ ", "{\u2060"
_STYLES = re.compile(r"(<style\b[^>]*>.*?</style\s*>)", re.IGNORECASE | re.DOTALL)
# The key of a request was seen before: Brevo keeps it for half an hour, so it can't stand in for a promise to deliver once.
_SEEN_BEFORE = ("duplicate_parameter", "duplicate_request")
_PERSON = ("unauthorized", "permission_denied", "not_enough_credits", "account_under_validation", "account_suspended")


class BrevoProvider:
    """Sends through Brevo's transactional API.

    Args:
        api_key: The key.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long Brevo wants us to wait.
    """

    kind = "brevo"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(self, api_key: str, api_url: str = API_URL, *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None) -> None:
        self._lacks = lacking(API_key=api_key)
        self._clock = clock or SystemClock()
        headers = {"accept": "application/json"} | ({} if self._lacks else {"api-key": api_key})
        self._api = HttpApi(api_url, headers, timeout=timeout)

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        if self._lacks:
            return untried(messages, self._lacks, Trouble.SIGN_IN)
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        plain = [each for each in ready if _can_be_sent(each, results)]
        return results + hand_over(parcels(plain, BATCH_SIZE, _MOST_BYTES, _alike), self._request, progress)

    def check(self) -> None:
        """Do nothing if Brevo answers and knows the key.

        Raises:
            Unavailable: If not; says why.
        """
        must_be_set_up(self._lacks)
        answer = self._api.get("/account")
        must_accept(answer, _words(answer))
        found = answer.json()
        if not isinstance(found, dict) or "email" not in found:
            raise Unavailable("What answers is not Brevo.", hint="Check the API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        answer = post_json(self._api, "/smtp/email", _single(batch[0]) if len(batch) == 1 else _together(batch))
        if answer.is_success:
            return _results(batch, answer.json())
        words, messages = _words(answer), messages_of(batch)
        if answer.status == 429:
            return untried(messages, f"Brevo wants us to wait: {words}", Trouble.THROTTLED, self._wait(answer))
        if answer.status in (400, 413, 422):
            if any(code in words for code in _SEEN_BEFORE):
                seen = "Brevo has seen this message before, and does not say what became of it."
                return [SendResult(each.message_id, Outcome.UNCERTAIN, seen) for each in messages]
            if is_about_the_sender(words):
                return untried(messages, f"Brevo takes no mail from this sender: {words}", Trouble.SENDER)
            if any(code in words for code in _PERSON):
                return untried(messages, f"Brevo takes no mail from this connection: {words}", Trouble.SIGN_IN)
            return NotTaken(f"{answer.status} {words}".strip())
        return failed(messages, answer, self._clock.now(), said=words)

    def _wait(self, answer: Answer) -> timedelta | None:
        """Return how long to wait: Brevo has a header of its own for it, in seconds."""
        said = answer.headers.get("x-sib-ratelimit-reset", "")
        if said.isascii() and said.isdigit() and len(said) < 9:
            return min(timedelta(seconds=int(said)), LONGEST_WAIT)
        return answer.retry_after(self._clock.now())


def _can_be_sent(each: Ready, refused: list[SendResult]) -> bool:
    """Return whether Brevo can write the headers: it sends other letters than those of ASCII without encoding them."""
    wrong = next((name for name, value in each.headers.items() if not value.isascii()), "")
    if wrong:
        reason = f"Brevo can't write the header {wrong}: it holds special letters."
        refused.append(SendResult(each.message.message_id, Outcome.REFUSED, reason))
    return not wrong


def _alike(each: Ready) -> object:
    """Return what messages of one request must have in common; an attachment is sent alone."""
    return each.message.message_id if each.message.attachments else (each.sender, each.message.from_name)


def _single(each: Ready) -> dict[str, Any]:
    message = each.message
    row = {"sender": _person(message.from_name, each.sender), **_own(each)}
    row["headers"] = {**row["headers"], "idempotencyKey": str(uuid5(_KEYS, message.key))}
    if message.attachments:
        row["attachment"] = [{"name": one.name, "content": in_base64(one)} for one in message.attachments]
    return row


def _together(batch: Batch) -> dict[str, Any]:
    first = batch[0]
    return {"sender": _person(first.message.from_name, first.sender), **_NOBODYS, "messageVersions": [_own(each) for each in batch]}


def _own(each: Ready) -> dict[str, Any]:
    message = each.message
    row: dict[str, Any] = {
        "to": [_person(message.to_name if _can_be_written(message.to_name) else "", each.to)],
        "subject": _literal(message.subject, _JOINER),
        "headers": {**without_message_id(each.headers), "X-Mailin-custom": f"{MESSAGE_NAME}:{message.key}"},
    }
    parts = {"htmlContent": _literal_html(str(message.html)), "textContent": _literal(str(message.text), _JOINER)}
    row.update({name: text for name, text in parts.items() if text})
    if each.reply_to:
        row["replyTo"] = _person(*parseaddr(each.reply_to))
    return row


def _literal(text: str, escaped: str) -> str:
    """Return a text in which nothing is a place of Brevo's templates: {{ … }}, {% … %} and {# … #} are filled in all it sends."""
    return _OPENING.sub(escaped, text) if "{" in text else text


def _literal_html(html: str) -> str:
    if not _OPENING.search(html):
        return html
    pieces = _STYLES.split(html)  # every second one is a style
    return "".join(_literal(piece, _SPACE if place % 2 else _ENTITY) for place, piece in enumerate(pieces))


def _can_be_written(name: str) -> bool:
    """Return whether Brevo writes a name as it is: it loses one with both other letters than ASCII's and a comma or the like."""
    return "{" not in name and (name.isascii() or without_specials(name) == name)


def _person(name: str, email: str) -> dict[str, str]:
    shown = _literal(name if name.isascii() else without_specials(name), _JOINER)
    return {"email": email, "name": shown} if shown else {"email": email}


def _results(batch: Batch, found: object) -> list[SendResult]:
    row = found if isinstance(found, dict) else {}
    names = row.get("messageIds") if len(batch) > 1 else [row.get("messageId")]
    if not isinstance(names, list) or len(names) != len(batch) or not all(isinstance(name, str) and name for name in names):
        reason = "Brevo answered, but not with the name of each message."
        return [SendResult(each.message.message_id, Outcome.UNCERTAIN, reason) for each in batch]
    return [
        SendResult(each.message.message_id, Outcome.ACCEPTED, provider_message_id=full_id(name))
        for each, name in zip(batch, names, strict=True)
    ]


def _words(answer: Answer) -> str:
    found = answer.json()
    if not isinstance(found, dict):
        return ""
    return reason(": ".join(str(part) for part in (found.get("code"), found.get("message")) if part))
