"""Send through SparkPost (Bird): one transmission for many people, what is each one's own goes in as substitution data.

https://developers.sparkpost.com/api/transmissions/ and …/template-language/: subject, headers, text and HTML are read as
templates, the data in them is not. So whatever could be read as a template goes in as data too: `{{{name}}}` puts it in as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Idempotence, Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, as_json, batches, hand_over, looked_over, messages_of, taken
from core.providers.content import Filled
from core.providers.http import TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
from core.providers.services import in_base64, small_enough

API_URL = "https://api.sparkpost.com"
BATCH_SIZE = 1_000
_MOST_CHARACTERS = 8_000_000
_LARGEST = 20_000_000
_PATH = "/api/v1/transmissions"
_REFUSED_AS_A_WHOLE = (400, 413, 422)
_OVER_THE_LIMIT = 420
# "Unconfigured Sending Domain": nothing is wrong with the messages, and only a person can mend it.
_NO_DOMAIN = "7001"


class SparkPostProvider:
    """Sends through SparkPost's Transmissions API.

    Args:
        api_key: The key; it needs Transmissions: Read/Write.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long SparkPost wants us to wait.
    """

    kind = "sparkpost"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(self, api_key: str, api_url: str = API_URL, *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None) -> None:
        headers = {"authorization": api_key, "content-type": "application/json", "accept": "application/json"}
        self._api = HttpApi(api_url.rstrip("/"), headers=headers, timeout=timeout)
        self._clock = clock or SystemClock()

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        shared = batches(ready, most=BATCH_SIZE, most_characters=_MOST_CHARACTERS, may_share=lambda _: True)
        return results + hand_over(shared, self._request, progress)

    def check(self) -> None:
        """Do nothing if SparkPost answers and the key may send; a transmission to nobody finds out.

        Raises:
            Unavailable: If not; says why.
        """
        answer = self._api.post(_PATH, content=b"{}")
        must_accept(answer, _words(answer))
        if answer.status not in _REFUSED_AS_A_WHOLE or not _errors(answer):
            raise Unavailable("What answers is not SparkPost.", hint="Check the API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        answer = self._api.post(_PATH, content=as_json(_body(batch)))
        words, messages = _words(answer), messages_of(batch)
        if answer.status == 200:
            found = _found(batch, answer)
            if found is not None:
                return found
        if any(str(error.get("code")) == _NO_DOMAIN for error in _errors(answer)):
            return untried(messages, f"The provider does not know the sender's domain: {words}", Trouble.SENDER)
        if answer.status in _REFUSED_AS_A_WHOLE:
            return NotTaken(f"{answer.status} {words}")
        if answer.status == _OVER_THE_LIMIT:
            wait = answer.retry_after(self._clock.now())
            return untried(messages, f"The provider's limit is reached: {words}", Trouble.THROTTLED, wait)
        return failed(messages, answer, self._clock.now(), said=words)


def _found(batch: Batch, answer: Answer) -> list[SendResult] | NotTaken | None:
    """Return what a success says: how many were taken, but not which; None where it says nothing."""
    body = answer.json()
    results = body.get("results") if isinstance(body, dict) else None
    if not isinstance(results, dict) or not results.get("id"):
        return None
    if results.get("total_rejected_recipients") == 0 and results.get("total_accepted_recipients") == len(batch):
        return [taken(each, str(results["id"])) for each in batch]
    if results.get("total_accepted_recipients") == 0:
        return NotTaken(_words(answer))
    said = f"The provider took {results.get('total_accepted_recipients')} of {len(batch)} and does not say which. {_words(answer)}"
    return [SendResult(each.message.message_id, Outcome.UNCERTAIN, said, str(results["id"])) for each in batch]


class _Data:
    """What goes in as substitution data: for all, and for each.

    Args:
        batch: The messages.
    """

    def __init__(self, batch: Batch) -> None:
        self.shared: dict[str, str] = {}
        self.own: list[dict[str, str]] = [{} for _ in batch]

    def fixed(self, name: str, text: str) -> str:
        """Return what stands for a text that is the same for all: itself, unless it could be read as a template."""
        if "{{" not in text and "}}" not in text and not text.endswith("{") and not text.startswith("}"):
            return text
        self.shared[name] = text
        return _tag(name)

    def add(self, name: str, values: Sequence[str]) -> str:
        """Return what stands for something each has."""
        if len(set(values)) == 1:
            return self.fixed(name, values[0])
        for own, value in zip(self.own, values, strict=True):
            own[name] = value
        return _tag(name)

    def filled(self, start: str, parts: Sequence[Filled]) -> str:
        """Return a part of all messages as a template."""
        layout = parts[0].layout
        pieces = [self.fixed(f"{start}_p{number}", piece) for number, piece in enumerate(layout.pieces)]
        names = [f"{start}_v{number}" for number in range(layout.values)]
        for own, part in zip(self.own, parts, strict=True):
            own.update(zip(names, part.values, strict=True))
        return layout.joined_as(pieces, [_tag(name) for name in names])


def _tag(name: str) -> str:
    return "{{{" + name + "}}}"


def _body(batch: Batch) -> dict[str, Any]:
    first, messages, data = batch[0], messages_of(batch), _Data(batch)
    message = messages[0]
    content: dict[str, Any] = {
        "from": {"email": first.sender},
        "subject": data.add("pw_subject", [each.subject for each in messages]),
        "headers": {name: data.add(f"pw_h{n}", [each.headers[name] for each in batch]) for n, name in enumerate(first.headers)},
        "html": data.filled("pw_b", [each.html for each in messages]),
        "text": data.filled("pw_t", [each.text for each in messages]),
    }
    if message.from_name:
        content["from"]["name"] = data.fixed("pw_from", message.from_name)
    if first.reply_to:
        content["reply_to"] = data.fixed("pw_reply", first.reply_to)
    if message.attachments:
        content["attachments"] = [{"name": one.name, "type": one.content_type, "data": in_base64(one)} for one in message.attachments]
    return {
        "options": {"open_tracking": False, "click_tracking": False, "transactional": not message.is_bulk},
        "substitution_data": data.shared,
        "recipients": [_recipient(each, own) for each, own in zip(batch, data.own, strict=True)],
        "content": {name: value for name, value in content.items() if value},
    }


def _recipient(each: Ready, own: dict[str, str]) -> dict[str, Any]:
    address, name = {"email": each.to}, each.message.to_name
    if name and "{" not in name and "}" not in name:  # whether it is read as a template is not said
        address["name"] = name
    return {"address": address, "substitution_data": own, "metadata": {MESSAGE_NAME: each.message.key}}


def _words(answer: Answer) -> str:
    said = [f"{error.get('message') or ''}: {error.get('description') or ''}".strip(": ") for error in _errors(answer)[:3]]
    return reason("; ".join(said))


def _errors(answer: Answer) -> list[dict[str, Any]]:
    found = answer.json()
    errors = found.get("errors") if isinstance(found, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
