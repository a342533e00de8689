"""Send through Mailjet: up to 50 whole messages a request, each with an answer of its own.

https://dev.mailjet.com/email/guides/send-api-v31/: a batch is not all or nothing; each message has a `Status`. Mailjet writes
Message-ID, Date and List-Id itself and refuses a message that brings them. Its template language is off unless it is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import parseaddr
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, as_json, hand_over, looked_over, messages_of, refusal, taken
from core.providers.http import TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import reason
from core.providers.services import in_base64, is_about_the_sender, parcels, small_enough

API_URL = "https://api.mailjet.com"
BATCH_SIZE = 50
LOST_HEADERS = frozenset(
    {"message-id", "list-id", "sender", "return-path", "received", "user-agent", "x-mailer", "x-feedback-id", "x-csa-complaints"}
)
_LARGEST = 15_000_000
_PATH = "/v3.1/send"


class MailjetProvider:
    """Sends through Mailjet's Send API v3.1.

    Args:
        api_key: The key.
        api_secret: Its secret.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long Mailjet wants us to wait.
    """

    kind = "mailjet"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(
        self, api_key: str, api_secret: str, api_url: str = API_URL, *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None
    ) -> None:
        self._api = HttpApi(api_url.rstrip("/"), {"content-type": "application/json"}, (api_key, api_secret), timeout=timeout)
        self._clock = clock or SystemClock()

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        together = parcels(ready, BATCH_SIZE, _LARGEST)
        return results + hand_over(together, self._request, progress)

    def check(self) -> None:
        """Do nothing if Mailjet answers and takes key and secret; a request without messages finds out.

        Raises:
            Unavailable: If not; says why.
        """
        answer = self._api.post(_PATH, content=b'{"Messages":[]}')
        must_accept(answer, _words(answer))
        if answer.status != 400 or not _words(answer):
            raise Unavailable("What answers is not Mailjet.", hint="Check the API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        answer = self._api.post(_PATH, content=as_json({"Messages": [_message(each) for each in batch]}))
        rows = _rows(answer)
        if len(rows) == len(batch):
            return [_result(each, row) for each, row in zip(batch, rows, strict=True)]
        if answer.status in (400, 413) and not rows:
            return NotTaken(f"{answer.status} {_words(answer)}")
        if 400 <= answer.status < 500 and rows:
            # Who is meant can't be told, so nobody may be sent again.
            answer = Answer(500, reason=f"it told of {len(rows)} messages of {len(batch)}")
        return failed(messages_of(batch), answer, self._clock.now(), said=_words(answer))


def _message(each: Ready) -> dict[str, Any]:
    message = each.message
    found: dict[str, Any] = {
        "From": _named(message.from_name, each.sender),
        "To": [_named(message.to_name, each.to)],
        "Subject": message.subject,
        "TextPart": str(message.text),
        "HTMLPart": str(message.html),
        "CustomID": message.key,
        "TrackOpens": "disabled",
        "TrackClicks": "disabled",
        "Headers": {name: value for name, value in each.headers.items() if name.lower() not in LOST_HEADERS},
    }
    if each.reply_to:
        found["ReplyTo"] = _named(*parseaddr(each.reply_to))
    if message.attachments:
        found["Attachments"] = [
            {"ContentType": one.content_type, "Filename": one.name, "Base64Content": in_base64(one)} for one in message.attachments
        ]
    return {name: value for name, value in found.items() if value}


def _named(name: str, email: str) -> dict[str, str]:
    return {"Email": email, "Name": name} if name else {"Email": email}


def _result(each: Ready, row: dict[str, Any]) -> SendResult:
    """Return what became of one message: `{"Status": "success", "To": [{"MessageID": 1}]}`, or its errors."""
    status = str(row.get("Status")).lower()
    if status == "success":
        named = row.get("To")
        to = named[0] if isinstance(named, list) and named and isinstance(named[0], dict) else {}
        return taken(each, str(to["MessageID"]) if to.get("MessageID") else None)
    errors = row.get("Errors")
    if status != "error" or not isinstance(errors, list):
        return SendResult(each.message.message_id, Outcome.UNCERTAIN, "The provider's answer says nothing about this message.")
    known = [error for error in errors if isinstance(error, dict)]
    code, said = (
        max((_code(error) for error in known), default=0),
        reason("; ".join(str(one.get("ErrorMessage") or "") for one in known[:3])),
    )
    if code in (400, 401, 403) and is_about_the_sender(said):
        return untried([each.message], f"Mailjet takes no mail from this sender: {said}", Trouble.SENDER)[0]
    if code in (401, 403):
        return untried([each.message], f"The provider does not let us send this ({code}): {said}", Trouble.SIGN_IN)[0]
    if code == 429:
        return untried([each.message], f"The provider wants us to wait (429): {said}", Trouble.THROTTLED)[0]
    if code >= 500:
        return SendResult(each.message.message_id, Outcome.RETRY, f"The provider could not take it ({code}): {said}"[:300])
    return refusal(each.message, f"{code} {said}")


def _code(error: dict[str, Any]) -> int:
    code = error.get("StatusCode")
    return code if isinstance(code, int) else 400


def _rows(answer: Answer) -> list[dict[str, Any]]:
    found = answer.json()
    rows = found.get("Messages") if isinstance(found, dict) else None
    return [row if isinstance(row, dict) else {} for row in rows] if isinstance(rows, list) else []


def _words(answer: Answer) -> str:
    found = answer.json()
    return reason(str(found.get("ErrorMessage") or "")) if isinstance(found, dict) else ""
