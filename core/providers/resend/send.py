"""Send through Resend: up to 100 messages a request, or one alone with a key that makes it deliver once.

https://resend.com/docs/api-reference/emails/send-batch-emails: 100 messages, no attachments; with `x-batch-validation: permissive`
(https://resend.com/changelog/batch-validation-modes) the good ones are taken and the bad ones named. A key is kept for 24 hours
(https://resend.com/docs/dashboard/emails/idempotency-keys). It writes a Message-ID of its own; open and click tracking are settings
of the domain at Resend, off unless somebody turned them on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, hand_over, looked_over, messages_of, refusal
from core.providers.http import LONGEST_WAIT, TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
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

API_URL = "https://api.resend.com"
BATCH_SIZE = 100
_MOST_BYTES, _LARGEST = 10_000_000, 40_000_000
_HEADER = "X-Postwright-Message"
_PERMISSIVE = {"x-batch-validation": "permissive"}
# A key that may only send is a good key, though it may not list domains.
_MAY_ONLY_SEND = "restricted_api_key"
_NO_MAIL = "Resend takes no mail from this connection"
_NO_KEY = ("api key is invalid", "missing_api_key", "invalid_api_key")


class ResendProvider:
    """Sends through Resend.

    Args:
        api_key: The key; it needs sending access.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long Resend wants us to wait.
    """

    kind = "resend"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.ALONE
    tells_progress = True

    def __init__(self, api_key: str, api_url: str = API_URL, *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None) -> None:
        self._lacks = lacking(API_key=api_key)
        self._clock = clock or SystemClock()
        # Without a user agent Resend answers 403.
        headers = {"user-agent": "postwright"} | ({} if self._lacks else {"authorization": f"Bearer {api_key}"})
        self._api = HttpApi(api_url, headers, timeout=timeout)

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        if self._lacks:
            return untried(messages, self._lacks, Trouble.SIGN_IN)
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        return results + hand_over(parcels(ready, BATCH_SIZE, _MOST_BYTES, _alike), self._request, progress)

    def check(self) -> None:
        """Do nothing if Resend answers and knows the key.

        Raises:
            Unavailable: If not; says why.
        """
        must_be_set_up(self._lacks)
        answer = self._api.get("/domains")
        words = _words(answer)
        if _MAY_ONLY_SEND in words:
            return
        if any(told in words.lower() for told in _NO_KEY):
            raise Unavailable(f"Resend does not know this API key. {words}", hint="Check the credentials of this connection.")
        must_accept(answer, words)
        found = answer.json()
        if not isinstance(found, dict) or not isinstance(found.get("data"), list):
            raise Unavailable("What answers is not Resend.", hint="Check the API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        if len(batch) == 1:
            answer = post_json(self._api, "/emails", _row(batch[0]), {"idempotency-key": batch[0].message.key})
        else:
            answer = post_json(self._api, "/emails/batch", [_row(each) for each in batch], _PERMISSIVE)
        if answer.is_success:
            found = answer.json()
            return _results(batch, found if isinstance(found, dict) else {})
        return self._failed(batch, answer)

    def _failed(self, batch: Batch, answer: Answer) -> list[SendResult] | NotTaken:
        words, messages = _words(answer), messages_of(batch)
        if answer.status == 409:  # the key is in use, or was used for the same message with other words
            seen = f"Resend has seen this message before, and does not say what became of it: {words}"
            return [SendResult(each.message_id, Outcome.UNCERTAIN, seen) for each in messages]
        if answer.status == 429 and "quota" in words:
            return untried(messages, f"The quota at Resend is used up: {words}", Trouble.THROTTLED, LONGEST_WAIT)
        if any(told in words.lower() for told in _NO_KEY):
            return untried(messages, f"The provider refused the sign-in ({answer.status}): {words}", Trouble.SIGN_IN)
        if answer.status in (400, 422) and is_about_the_sender(words):
            return untried(messages, f"{_NO_MAIL}: {words}", Trouble.SENDER)
        if answer.status in (400, 413, 422, 451):
            return NotTaken(f"{answer.status} {words}".strip())
        return failed(messages, answer, self._clock.now(), said=words)


def _alike(each: Ready) -> object:
    """Return what messages of one request must have in common: a batch takes no attachments."""
    return each.message.message_id if each.message.attachments else None


def _row(each: Ready) -> dict[str, Any]:
    message = each.message
    row: dict[str, Any] = {
        "from": _mailbox(without_specials(message.from_name), each.sender),
        "to": [_mailbox(message.to_name if without_specials(message.to_name) == message.to_name else "", each.to)],
        "subject": message.subject,
        "headers": {**without_message_id(each.headers), _HEADER: message.key},
        "tags": [{"name": MESSAGE_NAME, "value": message.key}],
    }
    optional = {"html": str(message.html), "text": str(message.text), "reply_to": each.reply_to}
    row.update({name: value for name, value in optional.items() if value})
    if message.attachments:
        row["attachments"] = [
            {"filename": one.name, "content": in_base64(one), "content_type": one.content_type} for one in message.attachments
        ]
    return row


def _mailbox(name: str, email: str) -> str:
    """Return a name and an address as Resend reads them: neither quoted nor encoded, so the name can hold no comma or the like."""
    return f"{name} <{email}>" if name else email


def _results(batch: Batch, found: Mapping[str, Any]) -> list[SendResult]:
    """Return what each message came to; the names of the good ones follow each other, the bad ones have their place told."""
    bad = _bad(found.get("errors"))
    rows = [found] if len(batch) == 1 and "data" not in found else found.get("data")
    names = [row.get("id") if isinstance(row, dict) else None for row in rows] if isinstance(rows, list) else []
    if len(names) == len(batch) and bad:  # a place is kept for the bad ones
        names = [name for place, name in enumerate(names) if place not in bad]
    good = [each for place, each in enumerate(batch) if place not in bad]
    results = [_not_taken(batch[place].message, words) for place, words in bad.items() if place < len(batch)]
    if len(names) != len(good):
        unclear = "Resend answered, but not with the name of each message."
        return results + [SendResult(each.message.message_id, Outcome.UNCERTAIN, unclear) for each in good]
    return results + [_taken(each.message, name) for each, name in zip(good, names, strict=True)]


def _bad(errors: object) -> dict[int, str]:
    rows = [row for row in errors if isinstance(row, dict)] if isinstance(errors, list) else []
    return {row["index"]: reason(str(row.get("message") or "")) for row in rows if type(row.get("index")) is int and row["index"] >= 0}


def _not_taken(message: OutgoingMessage, words: str) -> SendResult:
    if is_about_the_sender(words):
        return untried([message], f"{_NO_MAIL}: {words}", Trouble.SENDER)[0]
    return refusal(message, words)


def _taken(message: OutgoingMessage, name: object) -> SendResult:
    if not isinstance(name, str) or not name:
        return SendResult(message.message_id, Outcome.UNCERTAIN, "Resend answered, but not with the name of this message.")
    return SendResult(message.message_id, Outcome.ACCEPTED, provider_message_id=name)


def _words(answer: Answer) -> str:
    found = answer.json()
    if not isinstance(found, dict):
        return ""
    return reason(": ".join(str(part) for part in (found.get("name"), found.get("message")) if part))
