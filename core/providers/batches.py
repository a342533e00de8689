"""Many messages in one request: which may share one, and what to do when a provider refuses all because of some.

What a provider refuses as a whole it has not taken, so the rest may be sent again at once, without the guilty ones; where it
does not say who they are, halves of the batch find them.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import Any

import orjson

from core.errors import InvalidInput
from core.providers.base import Outcome, OutgoingMessage, SendResult, Trouble
from core.providers.http import untried
from core.providers.mime import address, header_name, header_value, header_values
from core.providers.progress import Progress

# With the longest wait for one more answer it stays below the lease of a message (60 s).
BUDGET_SECONDS = 25.0
# Who can't share a request waits for the network; a few at once make up for it.
_AT_ONCE = 8
_REASON_LENGTH = 300
_STOPPING = (Trouble.CONNECTION, Trouble.SIGN_IN, Trouble.THROTTLED)
_TOO_SLOW = SendResult(0, Outcome.RETRY, "The provider is very slow; the rest waits.", trouble=Trouble.CONNECTION)
# The service writes these itself, or takes them in fields of their own.
_NOT_HEADERS = frozenset({"date", "from", "to", "cc", "bcc", "subject", "reply-to", "mime-version", "content-type"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A message that has been looked over: nothing in it can bend a header.

    Args:
        message: The message.
        to: The recipient's address, in ASCII.
        sender: The sender's address, in ASCII.
        reply_to: Where answers go; empty for the sender.
        headers: What is left as headers of its own.
    """

    message: OutgoingMessage
    to: str
    sender: str
    reply_to: str
    headers: Mapping[str, str]

    @property
    def values(self) -> tuple[str, ...]:
        """What fills the places of its HTML, then of its text."""
        return self.message.html.values + self.message.text.values


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The provider took nothing of a request because of what some of its messages are.

    Args:
        reason: Why, in the provider's words.
        guilty: Which of them by their position, and why; empty where it does not say.
    """

    reason: str
    guilty: Mapping[int, str] = field(default_factory=dict)


Batch = Sequence[Ready]
Request = Callable[[Batch], "list[SendResult] | NotTaken"]


def looked_over(messages: Iterable[OutgoingMessage], refused: list[SendResult], *, allows_utf8: bool = False) -> Iterator[Ready]:
    """Yield the messages that can be handed over.

    Args:
        messages: All of them.
        refused: What becomes of those that can't is added here.
        allows_utf8: Whether the service takes recipients with other than ASCII letters before the @.
    """
    for message in messages:
        try:
            yield _ready(message, allows_utf8=allows_utf8)
        except InvalidInput as error:
            refused.append(SendResult(message.message_id, Outcome.REFUSED, str(error)))


def _ready(message: OutgoingMessage, *, allows_utf8: bool) -> Ready:
    named = {"Subject": message.subject, "The sender's name": message.from_name, "The recipient's name": message.to_name}
    header_values({**named, "The message key": message.key, **message.headers})
    headers, reply_to = {}, ""
    for name, value in message.headers.items():
        lowered = _lowered(name)
        if lowered == "reply-to":
            reply_to = value
        elif lowered not in _NOT_HEADERS:
            headers[name] = value
    for attachment in message.attachments:
        header_value("An attachment's name", attachment.name)
        header_value("An attachment's type", attachment.content_type)
    return Ready(message, address(message.to, allows_utf8=allows_utf8), address(message.from_email), reply_to, headers)


@lru_cache(maxsize=256)
def _lowered(name: str) -> str:
    return header_name(name).lower()


def batches(ready: Iterable[Ready], *, most: int, most_characters: int, may_share: Callable[[Ready], bool]) -> list[list[Ready]]:
    """Return messages in batches of those that differ in nothing but their values; each address is in a batch once.

    Args:
        ready: The messages.
        most: How many may be in one request.
        most_characters: How much text of their own they may have together.
        may_share: Whether a message may be in a batch with others at all.
    """
    done: list[list[Ready]] = []
    open_ones: dict[Any, _Open] = {}
    for each in ready:
        if each.message.attachments or not may_share(each):
            done.append([each])
            continue
        key, size = _likeness(each), sum(map(len, each.values)) + 500
        batch = open_ones.get(key)
        if batch is None or len(batch.items) >= most or batch.size + size > most_characters or each.to.lower() in batch.addresses:
            batch = open_ones[key] = _Open()
            done.append(batch.items)
        batch.items.append(each)
        batch.addresses.add(each.to.lower())
        batch.size += size
    return done


class _Open:
    """A batch that may still grow."""

    def __init__(self) -> None:
        self.items: list[Ready] = []
        self.addresses: set[str] = set()
        self.size = 0


def _likeness(each: Ready) -> Any:
    message = each.message
    return (
        id(message.html.layout),
        id(message.text.layout),
        message.from_email,
        message.from_name,
        each.reply_to,
        message.is_bulk,
        message.workspace_id,
        tuple(each.headers),
    )


def hand_over(all_batches: Iterable[Batch], request: Request, progress: Progress) -> list[SendResult]:
    """Return what became of all messages; several requests are on their way at once.

    Args:
        all_batches: What to send, one request each.
        request: Sends one batch, from any thread; raises `InvalidInput` only for what can't be written down, before anything leaves.
        progress: Is told how far each message is.
    """
    deadline = time.monotonic() + BUDGET_SECONDS
    waiting, results = deque(all_batches), list[SendResult]()
    with ThreadPoolExecutor(_AT_ONCE) as others:
        while waiting:
            wave = [waiting.popleft() for _ in range(min(len(waiting), _AT_ONCE))]
            asked = partial(_asked, request, progress)
            said = list(map(asked, wave) if len(wave) == 1 else others.map(asked, wave))
            for batch, answer in zip(wave, said, strict=True):
                if isinstance(answer, NotTaken):
                    results += _refused(batch, answer)
                    waiting.extend(_again(batch, answer))
                else:
                    results += answer
            stop = _stop(said) or (_TOO_SLOW if time.monotonic() > deadline else None)
            if stop is not None:
                rest = [each.message for batch in waiting for each in batch]
                return results + untried(rest, stop.reason, stop.trouble or Trouble.CONNECTION, stop.retry_after)
    return results


def _asked(request: Request, progress: Progress, batch: Batch) -> list[SendResult] | NotTaken:
    progress.begin_all(each.message.message_id for each in batch)
    try:
        said = request(batch)
    except InvalidInput as error:  # before anything left
        said = NotTaken(str(error))
    for result in _none_left(batch, said) if isinstance(said, NotTaken) else said:
        progress.learn(result)
    return said


def _none_left(batch: Batch, said: NotTaken) -> list[SendResult]:
    """Return what is known of a batch that was not taken: the guilty are refused, the others as if they had never left."""
    refused = _refused(batch, said)
    guilty = {result.message_id for result in refused}
    rest = (each.message.message_id for each in batch if each.message.message_id not in guilty)
    return refused + [SendResult(message_id, Outcome.RETRY, attempted=False) for message_id in rest]


def _refused(batch: Batch, said: NotTaken) -> list[SendResult]:
    guilty = dict.fromkeys((0,), said.reason) if len(batch) == 1 else said.guilty
    return [refusal(batch[position].message, why or said.reason) for position, why in guilty.items() if position < len(batch)]


def _again(batch: Batch, said: NotTaken) -> list[Batch]:
    if len(batch) == 1:
        return []
    rest = [each for position, each in enumerate(batch) if position not in said.guilty]
    if len(rest) < len(batch):
        return [rest] if rest else []
    middle = len(batch) // 2
    return [batch[:middle], batch[middle:]]


def _stop(said: Iterable[list[SendResult] | NotTaken]) -> SendResult | None:
    """Return a result that speaks against sending more now: the rest would meet with the same, or become uncertain too."""
    found = (one for answer in said if not isinstance(answer, NotTaken) for one in answer)
    return next((one for one in found if one.trouble in _STOPPING), None)


def refusal(message: OutgoingMessage, said: str) -> SendResult:
    """Return the result of a message the provider refuses; no mail server has spoken, so it says nothing about the address."""
    return SendResult(message.message_id, Outcome.REFUSED, said[:_REASON_LENGTH])


def as_json(body: Any) -> bytes:
    """Return a request's body.

    Raises:
        InvalidInput: If a text in it is none, such as half a character.
    """
    try:
        return orjson.dumps(body)
    except orjson.JSONEncodeError as error:
        raise InvalidInput("The message holds something that is no text.") from error


def taken(each: Ready, provider_message_id: str | None) -> SendResult:
    """Return the result of a message that was taken, and what it is called there."""
    return SendResult(each.message.message_id, Outcome.ACCEPTED, provider_message_id=provider_message_id)


def messages_of(batch: Batch) -> list[OutgoingMessage]:
    """Return the messages of a batch as they were given."""
    return [each.message for each in batch]
