"""What every kind that sends is held to, and how a test gets at one: a fake of its service, and the provider pointed at it.

A kind takes part by a module of its name in `tests/support/esp` that has a `RIG`.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tests.support.esp
from core.providers.base import Idempotence, Outcome, OutgoingMessage, Provider, SendResult
from core.providers.content import Filled, Layout
from core.providers.progress import Progress
from tests.providers.conftest import email

if TYPE_CHECKING:
    from tests.support.esp.server import Delivered, FakeService

# What people and templates may hold that means something to one service or another, or to HTML, JSON and mail.
HOSTILE = (
    "{{x}} {{{x}}} {{#if x}}y{{/if}} {% x %} ${x} <%x%> [[x]] *|X|*",
    "%recipient.a% %recipient.pw0% %recipient% %unsubscribe_url% -pw0- -pw1-",
    "</script><b>\"quoted\" & 'single'</b> \\n \\\\ \\u0000",
    "two\nlines\tand a tab",
    "Grüße, 世界 \U0001f600",
    "} }} }}} { {{ {{{",
)


@dataclass(frozen=True)
class Rig:
    """How one kind is tested.

    Args:
        kind: Its word.
        fake: Makes a fake of its service, not yet running.
        connect: Makes the provider: where it is, its key (the right one is `GOOD_KEY`), the seconds it waits for an answer.
        settings: What a person would enter for the fake at an address.
        is_batched: Whether a full batch of one campaign is one request.
        names_refused: Whether it can be found out whom of a batch the service refuses; else a batch with such a one is uncertain.
        lost_headers: Headers the service does not let anybody set.
        speaks_http: Whether it is a service with an HTTP API, so that all of the contract is about it.
    """

    kind: str
    fake: Callable[[], FakeService]
    connect: Callable[[str, str, float], Provider]
    settings: Callable[[str], dict[str, Any]]
    is_batched: bool = True
    names_refused: bool = True
    lost_headers: frozenset[str] = frozenset()
    speaks_http: bool = True


def rigs() -> list[Rig]:
    """Every kind that takes part."""
    names = sorted(module.name for module in pkgutil.iter_modules(tests.support.esp.__path__))
    modules = [importlib.import_module(f"tests.support.esp.{name}") for name in names]
    return [module.RIG for module in modules if hasattr(module, "RIG")]


def campaign(values: Sequence[Sequence[str]], **changes: Any) -> list[OutgoingMessage]:
    """Emails of one campaign, which share their layouts.

    Args:
        values: What fills the places of each one's HTML; its text gets the first of them.
        changes: What else is different in all of them.
    """
    places = len(values[0])
    html = Layout(("<html><style>@media x{a{b:c}}</style><p>Hello ", *[f" {n}: " for n in range(1, places)], "</p></html>"))
    text = Layout(("Hello ", "\nBye"))
    return [_email(number, Filled(html, tuple(own)), Filled(text, (own[0],)), changes) for number, own in enumerate(values, start=1)]


def _email(number: int, html: Filled, text: Filled, changes: dict[str, Any]) -> OutgoingMessage:
    headers = {
        "Message-ID": f"<{number}-abc@shop.example>",
        "Date": "Sun, 22 Nov 2026 12:00:00 +0000",
        "List-Unsubscribe": f"<https://mail.shop.example/u/{number}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": "c1:w7:campaign:postwright",
        "X-Postwright-Message": f"{number}-abc",
    }
    return email(number, **{"html": html, "text": text, "subject": f"News {number} for Zoë", "headers": headers} | changes)


def must_be_delivered(messages: Sequence[OutgoingMessage], delivered: Sequence[Delivered], rig: Rig) -> None:
    """Fail unless each message was delivered once, to whom and as it was written."""
    by_key = {mail.key: mail for mail in delivered}
    assert len(by_key) == len(delivered), "something was delivered twice"
    assert sorted(by_key) == sorted(message.key for message in messages)
    for message in messages:
        mail = by_key[message.key]
        assert mail.to == message.to
        assert mail.to_name in ("", message.to_name)
        assert message.from_email in mail.sender
        assert message.from_name in mail.sender
        assert mail.subject == message.subject
        assert mail.html == str(message.html)
        assert mail.text == str(message.text)
        given = {name.lower(): value for name, value in mail.headers.items()}
        for name, value in message.headers.items():
            is_lost = name == "Date" or name.lower() in rig.lost_headers
            assert is_lost or given.get(name.lower()) == value, f"{name}: {given.get(name.lower())!r}"
        assert mail.attachments == tuple((one.name, one.content_type, one.data) for one in message.attachments)


def may_be_sent_again(provider: Provider, is_alone: bool) -> bool:
    """Whether the same key again delivers once."""
    return provider.idempotence is Idempotence.ALWAYS or (is_alone and provider.idempotence is Idempotence.ALONE)


class Told(Progress):
    """Remembers what it was told.

    Args:
        numbers: The messages by key.
    """

    def __init__(self, numbers: dict[str, int]) -> None:
        self.numbers = numbers
        self.begun: set[int] = set()
        self.answers: dict[int, Outcome] = {}
        self.untold: list[str] = []

    def begin(self, message_id: int) -> None:
        self.begun.add(message_id)
        self.answers.pop(message_id, None)

    def learn(self, result: SendResult) -> None:
        if result.outcome is not Outcome.UNCERTAIN:
            self.answers[result.message_id] = result.outcome


class Watched(list["Delivered"]):
    """What a service delivers; it looks whether each message was told of before.

    Args:
        told: Who was told.
    """

    def __init__(self, told: Told) -> None:
        super().__init__()
        self._told = told

    def append(self, mail: Delivered) -> None:
        number = self._told.numbers[mail.key]
        if number not in self._told.begun or number in self._told.answers:
            self._told.untold.append(mail.key)
        super().append(mail)

    def extend(self, mails: Iterable[Delivered]) -> None:
        for mail in mails:
            self.append(mail)

    def __iadd__(self, mails: Iterable[Delivered]) -> Watched:  # type: ignore[override,misc]
        self.extend(mails)
        return self
