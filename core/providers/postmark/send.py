"""Send through Postmark: up to 500 messages a request, each with an answer of its own.

https://postmarkapp.com/developer/api/email-api#send-batch-emails: 500 messages and 50 MB a request; the answer is 200 also where
every single one was refused. Codes: https://postmarkapp.com/developer/api/overview#error-codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, hand_over, looked_over, messages_of, refusal
from core.providers.http import TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.mime import mailbox
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
from core.providers.services import in_base64, is_about_the_sender, lacking, must_be_set_up, parcels, post_json, small_enough
from core.storage.event_words import BounceClass

API_URL = "https://api.postmarkapp.com"
BULK_STREAM, TRANSACTIONAL_STREAM = "broadcast", "outbound"
BATCH_SIZE = 500
_MOST_BYTES = 25_000_000  # of 50 MB, for letters that take several bytes
_LARGEST = 10_000_000

_INVALID, _INACTIVE, _THROTTLED, _MAINTENANCE = 300, 406, 429, 100
# Only a person can mend these, and every other message would meet with the same: token, credits, account, message stream.
_PERSON = frozenset({10, 405, 412, 413, *range(1220, 1250)})
_SENDER = frozenset({400, 401})  # no Sender Signature for the address, or one that is not confirmed


class PostmarkProvider:
    """Sends through one server of Postmark.

    Args:
        server_token: The server's API token.
        bulk_stream: The message stream of campaigns.
        transactional_stream: The message stream of single emails.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long Postmark wants us to wait.
    """

    kind = "postmark"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(
        self,
        server_token: str,
        bulk_stream: str = BULK_STREAM,
        transactional_stream: str = TRANSACTIONAL_STREAM,
        api_url: str = API_URL,
        *,
        timeout: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._lacks = lacking(server_API_token=server_token)
        self._streams = {True: bulk_stream, False: transactional_stream}
        self._clock = clock or SystemClock()
        headers = {"accept": "application/json"} | ({} if self._lacks else {"x-postmark-server-token": server_token})
        self._api = HttpApi(api_url, headers, timeout=timeout)

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        if self._lacks:
            return untried(messages, self._lacks, Trouble.SIGN_IN)
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        return results + hand_over(parcels(ready, BATCH_SIZE, _MOST_BYTES), self._request, progress)

    def check(self) -> None:
        """Do nothing if Postmark answers and knows the token.

        Raises:
            Unavailable: If not; says why.
        """
        must_be_set_up(self._lacks)
        answer = self._api.get("/server")
        must_accept(answer, _words(answer.json()))
        found = answer.json()
        if not isinstance(found, dict) or "ApiTokens" not in found:
            raise Unavailable("What answers is not Postmark.", hint="Check the API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        answer = post_json(self._api, "/email/batch", [self._row(each) for each in batch])
        found = answer.json()
        if answer.is_success:
            rows = found if isinstance(found, list) else []
            return [_result(each.message, row) for each, row in zip(batch, rows + [None] * len(batch), strict=False)]
        if answer.status in (413, 422):
            return self._refused(batch, answer)
        return failed(messages_of(batch), answer, self._clock.now(), said=_words(found))

    def _refused(self, batch: Batch, answer: Answer) -> list[SendResult] | NotTaken:
        """Return what a refusal of the whole request means: Postmark has taken nothing of it."""
        found = answer.json()
        told = _result(batch[0].message, found)
        if told.trouble is not None:
            return untried(messages_of(batch), told.reason, told.trouble)
        return NotTaken(f"{answer.status} {_words(found)}".strip())

    def _row(self, each: Ready) -> dict[str, Any]:
        message = each.message
        headers = [{"Name": name, "Value": value} for name, value in each.headers.items()]
        # Without it Postmark writes a Message-ID of its own over ours.
        headers.append({"Name": "X-PM-KeepID", "Value": "true"})
        row: dict[str, Any] = {
            "From": mailbox(message.from_name, message.from_email),
            "To": mailbox(message.to_name, message.to),
            "Subject": message.subject,
            "Headers": headers,
            "Metadata": {MESSAGE_NAME: message.key},
            "TrackOpens": False,
            "TrackLinks": "None",
        }
        optional = {
            "HtmlBody": str(message.html),
            "TextBody": str(message.text),
            "ReplyTo": each.reply_to,
            "MessageStream": self._streams[message.is_bulk],
        }
        row.update({name: value for name, value in optional.items() if value})
        if message.attachments:
            row["Attachments"] = [
                {"Name": one.name, "Content": in_base64(one), "ContentType": one.content_type} for one in message.attachments
            ]
        return row


def _result(message: OutgoingMessage, row: object) -> SendResult:
    """Return what one answer means; where mail is only delayed, Postmark gives a name and no code."""
    if not isinstance(row, dict):
        return SendResult(message.message_id, Outcome.UNCERTAIN, "Postmark's answer does not name this message.")
    code, name, words = row.get("ErrorCode", 0), row.get("MessageID"), _words(row)
    if code == 0 and isinstance(name, str) and name:
        return SendResult(message.message_id, Outcome.ACCEPTED, provider_message_id=name)
    if code == 0 or not isinstance(code, int):
        return SendResult(message.message_id, Outcome.UNCERTAIN, "Postmark's answer makes no sense.")
    if code == _INACTIVE:  # it bounced hard, complained, unsubscribed or was taken out by hand, in this stream: it does not say which
        return SendResult(message.message_id, Outcome.REFUSED, words, bounce_class=BounceClass.SOFT)
    if code in _SENDER or (code == _INVALID and is_about_the_sender(words)):
        return untried([message], f"Postmark takes no mail from this sender: {words}", Trouble.SENDER)[0]
    if code in _PERSON:
        return untried([message], f"Postmark takes no mail from this connection: {words}", Trouble.SIGN_IN)[0]
    if code in (_THROTTLED, _MAINTENANCE):
        trouble = Trouble.THROTTLED if code == _THROTTLED else Trouble.CONNECTION
        return untried([message], f"Postmark wants us to wait: {words}", trouble)[0]
    return refusal(message, words)


def _words(row: object) -> str:
    if not isinstance(row, dict):
        return ""
    return reason(" ".join(str(part) for part in (row.get("ErrorCode"), row.get("Message")) if part))
