"""Send through SendGrid: one request for up to 1,000 people, what is each one's own goes in as substitutions.

https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send and …/mail-send/limitations: 1,000 personalizations and
30 MB a request, 10,000 bytes of substitutions for each person. Substitutions replace text, wherever a tag stands; a tag is
derived from the layout, and whoever's values hold one gets a request of their own, which replaces nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.utils import getaddresses
from hashlib import blake2b
from typing import Any

from core.clock import Clock, SystemClock
from core.errors import Unavailable
from core.providers.base import Attachment, Idempotence, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, as_json, batches, hand_over, looked_over, messages_of, taken
from core.providers.content import Layout
from core.providers.http import TIMEOUT_SECONDS, Answer, failed, must_accept, untried
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
from core.providers.sendgrid.client import SendGridClient
from core.providers.services import in_base64, small_enough

API_URL = "https://api.sendgrid.com"
BATCH_SIZE = 1_000
_MOST_CHARACTERS = 8_000_000
_LARGEST = 30_000_000
_SUBSTITUTION_BYTES = 9_500  # of 10,000, for how they are counted is not said
_LONGEST_CHARACTER = 4
_PERSON = re.compile(r"personalizations(?:\.|\[)(\d+)")
_OFF = {"enable": False}
_TRACKING = {
    "click_tracking": {"enable": False, "enable_text": False},
    "open_tracking": _OFF,
    "subscription_tracking": _OFF,
    "ganalytics": _OFF,
}


class SendGridProvider:
    """Sends through SendGrid's Web API v3, with its official client.

    Args:
        api_key: The key; it needs Mail Send.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long SendGrid wants us to wait.
    """

    kind = "sendgrid"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(self, api_key: str, api_url: str = API_URL, *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None) -> None:
        self._client = SendGridClient(api_key, api_url, timeout=timeout)
        self._clock = clock or SystemClock()

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results), _LARGEST, results)
        tags = _Tags()
        shared = batches(ready, most=BATCH_SIZE, most_characters=_MOST_CHARACTERS, may_share=tags.fit)
        return results + hand_over(shared, lambda batch: self._request(batch, tags), progress)

    def check(self) -> None:
        """Do nothing if SendGrid answers and the key may send.

        Raises:
            Unavailable: If not; says why.
        """
        answer = self._client.scopes()
        must_accept(answer, _words(answer))
        found = answer.json()
        scopes = found.get("scopes") if isinstance(found, dict) else None
        if not isinstance(scopes, list):
            raise Unavailable("What answers is not SendGrid.", hint="Check the API address of this connection.")
        if "mail.send" not in scopes:
            raise Unavailable("This API key may not send mail.", hint="At SendGrid give the key “Mail Send: Full Access”.")

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _request(self, batch: Batch, tags: _Tags) -> list[SendResult] | NotTaken:
        answer = self._client.send_mail(as_json(_body(batch, tags)))
        if answer.status == 202:  # nothing else is SendGrid's word for having taken it
            name = answer.headers.get("x-message-id")
            return [taken(each, name) for each in batch]
        if answer.status == 413:
            return NotTaken(f"413 {_words(answer)}")
        if answer.status in (400, 403) and any(str(error.get("field") or "").startswith("from") for error in _errors(answer)):
            return untried(messages_of(batch), f"SendGrid takes no mail from this sender: {_words(answer)}", Trouble.SENDER)
        if answer.status == 400:
            return NotTaken(f"400 {_words(answer)}", _guilty(batch, answer))
        return failed(messages_of(batch), answer, self._clock.now(), said=_words(answer))


class _Tags:
    """The tags that stand in layouts for what is each one's own, found once for all messages that share them."""

    def __init__(self) -> None:
        self._made: dict[tuple[Layout, Layout], tuple[str, tuple[str, ...]]] = {}

    def of(self, each: Ready) -> tuple[str, tuple[str, ...]]:
        """Return what all tags of a message's layouts begin with, and the tags."""
        layouts = (each.message.html.layout, each.message.text.layout)
        found = self._made.get(layouts)
        if found is None:
            found = self._made[layouts] = _tags(*layouts)
        return found

    def fit(self, each: Ready) -> bool:
        """Return whether what is its own can be told by substitutions, and holds no tag."""
        start, tags = self.of(each)
        own = "\n".join(each.values)
        if start in own or start in each.message.subject:
            return False
        room = _SUBSTITUTION_BYTES - sum(map(len, tags))
        return len(own) * _LONGEST_CHARACTER <= room or len(own.encode("utf-8", "replace")) <= room


def _tags(html: Layout, text: Layout) -> tuple[str, tuple[str, ...]]:
    pieces = "\0".join((*html.pieces, "", *text.pieces))
    count, salt = html.values + text.values, 0
    while True:
        name = blake2b(pieces.encode("utf-8", "surrogatepass"), digest_size=6, salt=bytes([salt])).hexdigest()
        start = f"-pw{name}-"
        if start not in pieces:
            return start, tuple(f"{start}{number}-" for number in range(count))
        salt += 1


def _body(batch: Batch, tags: _Tags) -> dict[str, Any]:
    first = batch[0]
    message = first.message
    names = tags.of(first)[1]
    body: dict[str, Any] = {
        "from": _named(message.from_name, first.sender),
        "tracking_settings": _TRACKING,
    }
    if first.reply_to:
        body["reply_to_list"] = [_named(*each) for each in getaddresses([first.reply_to])]
    if len(batch) == 1:
        html, text = str(message.html), str(message.text)
        body["personalizations"] = [_person(first)]
    else:
        count = message.html.layout.values
        html, text = message.html.layout.joined(names[:count]), message.text.layout.joined(names[count:])
        body["personalizations"] = [_person(each) | {"substitutions": dict(zip(names, each.values, strict=True))} for each in batch]
    # SendGrid refuses an empty part, and wants the plain text first.
    body["content"] = [{"type": kind, "value": value} for kind, value in (("text/plain", text), ("text/html", html)) if value]
    if message.attachments:
        body["attachments"] = [_attachment(each) for each in message.attachments]
    return body


def _person(each: Ready) -> dict[str, Any]:
    message = each.message
    return {
        "to": [_named(message.to_name, each.to)],
        "subject": message.subject,
        "headers": each.headers,
        "custom_args": {MESSAGE_NAME: message.key},
    }


def _named(name: str, email: str) -> dict[str, str]:
    return {"email": email, "name": name} if name else {"email": email}


def _attachment(one: Attachment) -> dict[str, str]:
    return {"content": in_base64(one), "type": one.content_type, "filename": one.name, "disposition": "attachment"}


def _guilty(batch: Batch, answer: Answer) -> Mapping[int, str]:
    """Return whom an answer names: `{"errors": [{"field": "personalizations.3.to.0.email", "message": …}]}`.

    Any other field is the same for all of a batch, so all are meant.
    """
    found: dict[int, str] = {}
    for error in _errors(answer):
        field, said = str(error.get("field") or ""), reason(f"400 {error.get('message') or ''}")
        if named := _PERSON.match(field):
            found.setdefault(int(named[1]), said)
        elif field and not field.startswith("personalizations"):
            return dict.fromkeys(range(len(batch)), said)
    return found


def _words(answer: Answer) -> str:
    return reason("; ".join(str(error.get("message") or "") for error in _errors(answer)[:3]))


def _errors(answer: Answer) -> list[dict[str, Any]]:
    found = answer.json()
    errors = found.get("errors") if isinstance(found, dict) else None
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
