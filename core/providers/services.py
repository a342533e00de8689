"""What senders over HTTP share that comes before a request: are there credentials, is it too large, how much fits into one."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from time import monotonic
from typing import Any

from core.errors import Unavailable
from core.providers.base import Attachment, Outcome, SendResult, Trouble
from core.providers.batches import BUDGET_SECONDS, Ready, as_json
from core.providers.http import Answer, HttpApi, untried
from core.providers.progress import Progress

# What can't go into a header of a request: nobody's key holds it, so it was entered wrongly.
_CREDENTIAL = re.compile(r"[!-~]{1,2000}")
_SPECIALS = re.compile(r'[()<>\[\]:;@\\,"]+')
# "sender is invalid", "Invalid `from` field", "Invalid 'From' address", "The shop.example domain is not verified".
_SENDER = re.compile(
    r"\bsender\b|[`'\"]from[`'\"]|\bfrom (address|field|email)\b|\bdomain\b.{0,80}\bnot (verified|validated)", re.IGNORECASE
)
# What a message weighs besides its text: addresses, headers, and the words of JSON around them.
_OVERHEAD = 1_000
_STOPPING = (Trouble.CONNECTION, Trouble.SIGN_IN, Trouble.SENDER, Trouble.THROTTLED)
_ALL = ""


def lacking(**entered: str) -> str:
    """Return what is missing or can't be right among credentials, in words; empty where they may do.

    Args:
        entered: What was entered, by what it is: `API_key` is told as “API key”.
    """
    for name, value in entered.items():
        if not _CREDENTIAL.fullmatch(value):
            what = name.replace("_", " ")
            return f"This connection's {what} can't be used." if value else f"This connection has no {what}."
    return ""


def must_be_set_up(lacks: str) -> None:
    """Do nothing if nothing is lacking.

    Raises:
        Unavailable: If something is.
    """
    if lacks:
        raise Unavailable(lacks, hint="Enter it in the settings of this connection.")


def without_specials(name: str) -> str:
    """Return a name without the characters that some services can't quote."""
    return " ".join(_SPECIALS.sub(" ", name).split())


def without_message_id(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without Message-ID, for services that write their own and may refuse a second one."""
    return {name: value for name, value in headers.items() if name.lower() != "message-id"}


def text_size(each: Ready) -> int:
    """Return about how many bytes a message takes in a request."""
    message = each.message
    html, text_part = message.html, message.text
    fixed = html.layout.size + text_part.layout.size
    text = fixed + sum(map(len, html.values)) + sum(map(len, text_part.values))
    return _OVERHEAD + text + sum(len(attachment.data) * 4 // 3 for attachment in message.attachments)


def small_enough(ready: Iterable[Ready], most_bytes: int, refused: list[SendResult]) -> list[Ready]:
    """Return the messages a service takes by their size.

    Args:
        ready: All of them.
        most_bytes: What one may take.
        refused: What becomes of those that are too large is added here.
    """
    kept = []
    for each in ready:
        if text_size(each) > most_bytes:
            reason = f"The message is too large: this provider takes {most_bytes // 1_000_000} MB with attachments."
            refused.append(SendResult(each.message.message_id, Outcome.REFUSED, reason))
        else:
            kept.append(each)
    return kept


def parcels(ready: Iterable[Ready], most: int, most_bytes: int, alike: Callable[[Ready], object] = lambda each: None) -> list[list[Ready]]:
    """Return messages in groups that fit into one request each.

    Args:
        ready: The messages.
        most: How many may be in one.
        most_bytes: How much they may take together.
        alike: Only messages for which it is the same go together.
    """
    done: list[list[Ready]] = []
    growing: dict[object, tuple[list[Ready], int]] = {}
    for each in ready:
        key, size = alike(each), text_size(each)
        group, taken = growing.get(key, ([], 0))
        if not group or len(group) >= most or taken + size > most_bytes:
            group, taken = [], 0
            done.append(group)
        group.append(each)
        growing[key] = (group, taken + size)
    return done


def one_by_one(threads: Executor, ready: Sequence[Ready], request: Callable[[Ready], SendResult], progress: Progress) -> list[SendResult]:
    """Return what became of messages that are sent in a request each, several at once.

    Once one of them tells that the service is out of order, those that have not left yet stay here; likewise those of a sender
    whose address it does not take.

    Args:
        threads: Where requests run.
        ready: The messages.
        request: Sends one.
        progress: Is told how far each message is.
    """
    deadline = monotonic() + BUDGET_SECONDS
    why: dict[str, SendResult] = {}  # by sender, or of all

    def one(each: Ready) -> SendResult:
        if told := why.get(_ALL) or why.get(each.sender):
            return replace(told, message_id=each.message.message_id)
        if monotonic() > deadline:
            return untried([each.message], "The provider is very slow; the rest waits.", Trouble.CONNECTION)[0]
        progress.begin(each.message.message_id)
        said = request(each)
        progress.learn(said)
        if said.trouble in _STOPPING:
            rest = untried([each.message], said.reason, said.trouble or Trouble.CONNECTION, said.retry_after)[0]
            why.setdefault(each.sender if said.trouble is Trouble.SENDER else _ALL, rest)
        return said

    return list(threads.map(one, ready))


def post_json(api: HttpApi, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """Post something as JSON and return the answer.

    Raises:
        InvalidInput: If a text in it is none, such as half a character.
    """
    return api.post(path, content=as_json(body), headers={"content-type": "application/json", **(headers or {})})


def in_base64(attachment: Attachment) -> str:
    """Return what is in a file as base64."""
    return base64.b64encode(attachment.data).decode()


def is_about_the_sender(words: str) -> bool:
    """Return whether a service's words are about who sends, so that every other message would meet with the same."""
    return _SENDER.search(words) is not None
