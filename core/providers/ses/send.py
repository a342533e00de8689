"""Send through Amazon SES: one request a message, several at once, each with the very bytes we wrote.

https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. SES tells opens and clicks without saying whose they
are, so a message of its own for each person is the only honest way. It writes its own Message-ID and Date over ours.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import InvalidInput, Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Ready, as_json, looked_over, refusal
from core.providers.http import LONGEST_WAIT, TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.mime import to_bytes
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
from core.providers.services import lacking, must_be_set_up, one_by_one, small_enough
from core.providers.ses.sigv4 import Credentials, signed

# A crash leaves at most this many outcomes unknown.
BATCH_SIZE = 64
_AT_ONCE = 16
_LARGEST = 38_000_000  # 40 MB, once it is encoded: https://docs.aws.amazon.com/ses/latest/dg/quotas.html
_SEND, _ACCOUNT = "/v2/email/outbound-emails", "/v2/email/account"
_HEADER = "X-Postwright-Message"
_NO_TRACKING = {"Tracking": {"ClickTrackingEnabled": "DISABLED", "OpenTrackingEnabled": "DISABLED"}}

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/CommonErrors.html; SES sends no Retry-After.
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "LimitExceededException"})
# Only a person can mend these, and every other message would meet with the same.
_PERSON = frozenset(
    {
        "AccountSuspendedException",
        "SendingPausedException",
        "NotFoundException",
        "RequestExpired",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "OptInRequired",
    }
)
_CLOCK_WORDS = ("signature expired", "signature not yet current", "request has expired")


class SesProvider:
    """Sends through Amazon SES in one region.

    Args:
        access_key_id: Names the key; it needs ses:SendEmail and ses:SendRawEmail.
        secret_access_key: The key; it signs and is never sent.
        region: Such as us-east-1.
        configuration_set: What publishes reports of the mail; empty for the default of the identity.
        api_url: Where the API is; empty for Amazon's in that region.
        timeout: Seconds to wait for an answer.
        clock: The time; signatures hold it.
    """

    kind = "ses"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(
        self,
        access_key_id: str,
        secret_access_key: str,
        region: str,
        configuration_set: str = "",
        api_url: str = "",
        *,
        timeout: float = TIMEOUT_SECONDS,
        clock: Clock | None = None,
    ) -> None:
        self._lacks = lacking(access_key_ID=access_key_id, secret_access_key=secret_access_key, region=region)
        self._credentials = Credentials(access_key_id, secret_access_key, region, "ses")
        self._configuration_set, self._clock = configuration_set, clock or SystemClock()
        self._url = (api_url or _amazon(region)).rstrip("/")
        self._api = HttpApi(self._url, timeout=timeout)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ses")

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, several at once; what SES says about the account keeps the rest here."""
        if self._lacks:
            return untried(messages, self._lacks, Trouble.SIGN_IN)
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        return results + one_by_one(self._threads, ready, self._deliver, progress)

    def check(self) -> None:
        """Do nothing if SES answers, believes our signature and lets the account send.

        Raises:
            Unavailable: If not; says why.
        """
        must_be_set_up(self._lacks)
        answer = self._request("GET", _ACCOUNT, b"")
        if _type(answer) == "AccessDeniedException":
            return  # a key that may do nothing but send is a good key
        if _is_about_the_clock(answer):
            raise Unavailable("Amazon SES refuses the time of our signature.", hint="Correct the clock of this machine.")
        must_accept(answer, _words(answer))
        found = answer.json()
        if not isinstance(found, dict) or "SendingEnabled" not in found:
            raise Unavailable("What answers is not Amazon SES.", hint="Check region and API address of this connection.")
        if found["SendingEnabled"] is False:
            raise Unavailable("Sending is paused for this account.", hint="See the account dashboard at Amazon SES.")

    def close(self) -> None:
        """Let go of threads and connections."""
        self._threads.shutdown()
        self._api.close()

    def _deliver(self, each: Ready) -> SendResult:
        message = each.message
        try:
            body = as_json(self._body(each, _raw(message)))
        except InvalidInput as error:
            return refusal(message, str(error))
        answer = self._request("POST", _SEND, body)
        if not answer.is_success:
            return self._failed(message, answer)
        found = answer.json()
        name = found.get("MessageId") if isinstance(found, dict) else None
        if not isinstance(name, str) or not name:
            return SendResult(message.message_id, Outcome.UNCERTAIN, "Amazon SES answered, but not with the name of a message.")
        return SendResult(message.message_id, Outcome.ACCEPTED, provider_message_id=name)

    def _body(self, each: Ready, raw: bytes) -> dict[str, Any]:
        body: dict[str, Any] = {
            "Destination": {"ToAddresses": [each.to]},
            "Content": {"Raw": {"Data": base64.b64encode(raw).decode()}},
            "EmailTags": [{"Name": MESSAGE_NAME, "Value": each.message.key}],
            "ConfigurationOverrides": _NO_TRACKING,
        }
        if self._configuration_set:
            body["ConfigurationSetName"] = self._configuration_set
        return body

    def _request(self, method: str, path: str, body: bytes) -> Answer:
        headers = {"content-type": "application/json"}
        proved = signed(self._credentials, method, self._url + path, headers, body, self._clock.now())
        return self._api.request(method, path, content=body or None, headers=proved)

    def _failed(self, message: OutgoingMessage, answer: Answer) -> SendResult:
        kind, words = _type(answer), _words(answer)
        if kind in _THROTTLED:
            wait = LONGEST_WAIT if "daily" in words.lower() else answer.retry_after(self._clock.now())
            return untried([message], f"Amazon SES wants us to wait: {words}", Trouble.THROTTLED, wait)[0]
        if _is_about_the_clock(answer):
            return untried([message], f"The clock of this machine is wrong, or so Amazon SES says: {words}", Trouble.SIGN_IN)[0]
        if kind == "MailFromDomainNotVerifiedException" or (kind == "MessageRejected" and "not verified" in words):
            return untried([message], f"Amazon SES takes no mail from this sender: {words}", Trouble.SENDER)[0]
        if kind in _PERSON:
            return untried([message], f"Amazon SES takes no mail from this account: {words}", Trouble.SIGN_IN)[0]
        if answer.status == 400:
            return refusal(message, f"400 {words}")
        return failed([message], answer, self._clock.now(), said=words)[0]


def _raw(message: OutgoingMessage) -> bytes:
    """Return the message as bytes, with our name of it where it is found again even in reports without tags.

    Raises:
        InvalidInput: If it can't be written.
    """
    try:
        "".join((message.subject, *message.html.values, *message.text.values)).encode()
    except UnicodeEncodeError as error:  # half a character
        raise InvalidInput("The message holds something that is no text.") from error
    return to_bytes(replace(message, headers={**message.headers, _HEADER: message.key}))


def _amazon(region: str) -> str:
    return f"https://email.{region}.amazonaws.com" + (".cn" if region.startswith("cn-") else "")


def _type(answer: Answer) -> str:
    """Return the name of an error: in a header, sometimes with an address behind it, or in the body."""
    found = answer.json()
    row = found if isinstance(found, dict) else {}
    told = answer.headers.get("x-amzn-errortype") or str(row.get("__type") or row.get("code") or "")
    return told.partition(":")[0].rpartition("#")[2].strip()


def _words(answer: Answer) -> str:
    found = answer.json()
    said = found.get("message") or found.get("Message") if isinstance(found, dict) else ""
    return reason(": ".join(part for part in (_type(answer), str(said or "")) if part))


def _is_about_the_clock(answer: Answer) -> bool:
    if _type(answer) in ("RequestExpired", "RequestTimeTooSkewed"):
        return True
    return answer.status in (400, 403) and any(words in _words(answer).lower() for words in _CLOCK_WORDS)
