"""Send through Mailgun: one request for up to 1,000 people, what is each one's own goes in as recipient variables.

https://documentation.mailgun.com/docs/mailgun/user-manual/sending-messages/batch-sending: a variable is written
`%recipient.name%` anywhere, in headers too, and is replaced where `recipient-variables` are given. Mailgun knows no way to write
such a thing down and mean it, so whoever's email holds one gets a request of its own, without variables.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from core.clock import Clock, SystemClock
from core.errors import InvalidInput, Unavailable
from core.providers.base import Idempotence, OutgoingMessage, SendResult, Trouble
from core.providers.batches import Batch, NotTaken, Ready, as_json, batches, hand_over, looked_over, messages_of, taken
from core.providers.content import Filled, Layout
from core.providers.http import TIMEOUT_SECONDS, Answer, HttpApi, failed, must_accept, untried
from core.providers.mime import mailbox
from core.providers.progress import UNNOTED, Progress
from core.providers.reading import MESSAGE_NAME, reason
from core.providers.services import small_enough

BATCH_SIZE = 1_000
HOSTS = {"us": "https://api.mailgun.net", "eu": "https://api.eu.mailgun.net"}
_MOST_CHARACTERS = 8_000_000
_LARGEST = 25_000_000
# "%unsubscribe_url%" and its like are Mailgun's own, and need no variables.
_WORDS = ("%recipient", "%unsubscribe", "%tag_unsubscribe", "%mailing_list")
_SYNTAX = re.compile("|".join(_WORDS), re.IGNORECASE)
# What answers at a wrong address says so, with a 200.
_GREETING = b"Mailgun Magnificent API"
_FIXED = (("o:tracking", "no"), ("o:tracking-clicks", "no"), ("o:tracking-opens", "no"))

Part = tuple[str, tuple[str | None, bytes] | tuple[str, bytes, str]]


class MailgunProvider:
    """Sends through Mailgun's messages API.

    Args:
        api_key: The key of the account, or one that may only send from the domain.
        domain: The sending domain.
        api_url: Where the API is.
        timeout: Seconds to wait for an answer.
        clock: The time, for how long Mailgun wants us to wait.
    """

    kind = "mailgun"
    batch_size = BATCH_SIZE
    idempotence = Idempotence.NEVER
    tells_progress = True

    def __init__(
        self, api_key: str, domain: str, api_url: str = HOSTS["us"], *, timeout: float = TIMEOUT_SECONDS, clock: Clock | None = None
    ) -> None:
        self._api = HttpApi(api_url.rstrip("/"), auth=("api", api_key), timeout=timeout)
        # A slash in it would lead to another part of the API, which answers with a success.
        self._path = f"/v3/{quote(domain.strip(), safe='')}/messages"
        self._clock = clock or SystemClock()

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over, as few requests as they allow."""
        results: list[SendResult] = []
        ready = small_enough(looked_over(messages, results, allows_utf8=True), _LARGEST, results)
        shared = batches(ready, most=BATCH_SIZE, most_characters=_MOST_CHARACTERS, may_share=_Plain().is_plain)
        return results + hand_over(shared, self._request, progress)

    def check(self) -> None:
        """Do nothing if Mailgun answers and would take mail from the domain; a message without content finds out.

        Raises:
            Unavailable: If not; says why.
        """
        answer = self._api.post(self._path, parts=[("o:testmode", (None, b"yes"))])
        must_accept(answer, _words(answer))
        if answer.status != 400 or not _words(answer):
            raise Unavailable("What answers is not Mailgun.", hint="Check domain, region and API address of this connection.")

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def _request(self, batch: Batch) -> list[SendResult] | NotTaken:
        answer = self._api.post(self._path, parts=list(_parts(batch)))
        words, messages = _words(answer), messages_of(batch)
        found = answer.json()
        if answer.status == 200 and isinstance(found, dict) and found.get("id"):
            # Each gets the Message-ID we gave it, and reports name that one.
            return [taken(each, each.message.headers.get("Message-ID") or str(found["id"])) for each in batch]
        if answer.status == 400 and words.startswith(("from ", "'from'")):
            return untried(messages, f"Mailgun takes no mail from this sender: {words}", Trouble.SENDER)
        if answer.status in (400, 413):
            return NotTaken(f"{answer.status} {words}")
        if _GREETING in answer.body:
            return untried(messages, "The provider takes no mail with these settings: check domain and address.", Trouble.SIGN_IN)
        return failed(messages, answer, self._clock.now(), said=words)


class _Plain:
    """Tells whether a message holds nothing Mailgun would replace; of layouts it is found out once."""

    def __init__(self) -> None:
        self._known: dict[Layout, bool] = {}

    def is_plain(self, each: Ready) -> bool:
        """Return whether a message may be in a request with variables."""
        message = each.message
        own = (*each.values, message.subject, message.from_name, message.to_name, each.reply_to, *each.headers.values())
        return _are_plain(own) and self._is_layout_plain(message.html) and self._is_layout_plain(message.text)

    def _is_layout_plain(self, part: Filled) -> bool:
        known = self._known.get(part.layout)
        if known is None:
            known = self._known[part.layout] = _are_plain(part.layout.pieces)
        return known


def _are_plain(texts: Iterable[str]) -> bool:
    return not any("%" in text and (_SYNTAX.search(text) or _may_begin(text)) for text in texts)


def _may_begin(text: str) -> bool:
    """Return whether a text ends with what could become such a word by what follows it."""
    end = text[text.rfind("%") :].lower()
    return any(word.startswith(end) for word in _WORDS)


class _Variables:
    """What is different for each recipient of a batch.

    Args:
        batch: The messages.
    """

    def __init__(self, batch: Batch) -> None:
        self.of = {each.to: dict[str, str]() for each in batch}

    def add(self, name: str, values: Sequence[str]) -> str:
        """Return what stands in the request for something: itself where it is the same for all, else a variable."""
        if len(set(values)) == 1:
            return values[0]
        for own, value in zip(self.of.values(), values, strict=True):
            own[name] = value
        return f"%recipient.{name}%"

    def filled(self, start: str, parts: Sequence[Filled]) -> str:
        """Return a part of all the messages, with variables for what is each one's own."""
        of_all = zip(*(part.values for part in parts), strict=True)
        return parts[0].layout.joined([self.add(f"{start}{number}", values) for number, values in enumerate(of_all)])


def _parts(batch: Batch) -> Iterator[Part]:
    """Yield the parts of the form."""
    first, messages, variables = batch[0], messages_of(batch), _Variables(batch)
    yield _text("from", mailbox(messages[0].from_name, first.sender))
    for each in batch:
        yield _text("to", mailbox(each.message.to_name, each.to) if each.to.isascii() else each.to)
    yield _text("subject", variables.add("pw_subject", [message.subject for message in messages]))
    for name, value in _FIXED:
        yield _text(name, value)
    if first.reply_to:
        yield _text("h:Reply-To", first.reply_to)
    for number, name in enumerate(first.headers):
        yield _text(f"h:{name}", variables.add(f"pw_h{number}", [each.headers[name] for each in batch]))
    yield _text(f"v:{MESSAGE_NAME}", variables.add(MESSAGE_NAME, [message.key for message in messages]))
    yield _text("text", variables.filled("pw_t", [message.text for message in messages]))
    yield _text("html", variables.filled("pw_b", [message.html for message in messages]))
    for attachment in messages[0].attachments:
        yield "attachment", (attachment.name, attachment.data, attachment.content_type)
    if len(batch) > 1:
        yield "recipient-variables", (None, as_json(variables.of))


def _text(name: str, value: str) -> Part:
    try:
        return name, (None, value.encode())
    except UnicodeEncodeError as error:
        raise InvalidInput("The message holds something that is no text.") from error


def _words(answer: Answer) -> str:
    found: Any = answer.json()
    return reason(str(found.get("message") or "")) if isinstance(found, dict) else ""
