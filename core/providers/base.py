"""What every provider looks like to the rest: messages go in, one result per message comes out."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, Protocol

from core.errors import Unavailable
from core.providers.content import Filled
from core.providers.mailbox import Mailbox
from core.providers.progress import UNNOTED, Progress
from core.providers.webhooks import WebhookKind
from core.storage.event_words import BounceClass


class Outcome(StrEnum):
    """What became of handing one message over."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    RETRY = "retry"
    UNCERTAIN = "uncertain"


class Trouble(StrEnum):
    """What went wrong beyond the one message, so that the sender can act on it.

    `connection`: the provider can't be reached or is out of order. `sign_in`: it refuses our credentials, which only a person
    can mend. `sender`: it takes nothing from this sender's address, which only a person can mend either; others may send.
    `throttled`: it wants us to be slower (429, 421 to the connection). `domain`: the recipient's domain does.
    """

    CONNECTION = "connection"
    SIGN_IN = "sign_in"
    SENDER = "sender"
    THROTTLED = "throttled"
    DOMAIN = "domain"


class Idempotence(StrEnum):
    """Whether sending the same key again delivers once: `never`, only where a message is sent `alone`, or `always`."""

    NEVER = "never"
    ALONE = "alone"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that comes with an email.

    Args:
        name: The file's name.
        content_type: Its media type, such as application/pdf.
        data: What is in it.
    """

    name: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """One finished email to one person.

    Args:
        message_id: The ledger row.
        workspace_id: Whose message it is.
        key: The name of this email everywhere outside; the same for every attempt.
        to: The recipient's address.
        from_email: The sender's address.
        from_name: The sender's name; may be empty.
        subject: The subject, one line.
        html: The HTML part; its layout is shared with the other messages of a campaign.
        text: The plain-text part, likewise.
        headers: Further headers by name (Message-ID, Date, Reply-To, List-Unsubscribe, …).
        attachments: Files that come with it.
        is_bulk: Whether many get the same (a campaign), or this one was asked for (a receipt); some providers keep them apart.
        to_name: The recipient's name; may be empty.
    """

    message_id: int
    workspace_id: int
    key: str
    to: str
    from_email: str
    from_name: str
    subject: str
    html: Filled
    text: Filled
    headers: Mapping[str, str]
    attachments: tuple[Attachment, ...] = ()
    is_bulk: bool = True
    to_name: str = ""


@dataclass(frozen=True, slots=True)
class SendResult:
    """What became of one message.

    Args:
        message_id: The ledger row.
        outcome: What happened.
        reason: Why, in words (the server's answer), where it was not accepted.
        provider_message_id: The provider's own name for it.
        bounce_class: For a refusal: what it says about the address.
        attempted: False where the message itself was never tried, because the server could not be reached or was too
            slow. It then waits without losing one of its attempts, and the sender takes a break.
        trouble: What it tells beyond this message; None for nothing.
        retry_after: For a retry: how long the provider wants us to wait, where it says so.
    """

    message_id: int
    outcome: Outcome
    reason: str = ""
    provider_message_id: str | None = None
    bounce_class: BounceClass | None = None
    attempted: bool = True
    trouble: Trouble | None = None
    retry_after: timedelta | None = None


class Provider(Protocol):
    """Something that can deliver email."""

    @property
    def kind(self) -> str:
        """The closed word of the catalogue; events name it."""
        ...

    @property
    def batch_size(self) -> int:
        """How many messages one `send` takes at most now; a crash leaves at most that many outcomes unknown."""
        ...

    @property
    def idempotence(self) -> Idempotence:
        """Whether sending the same key twice delivers once, so that an unknown outcome may simply be sent again."""
        ...

    @property
    def tells_progress(self) -> bool:
        """Whether `send` tells how far each message is; all of them are taken to be begun at once where it does not."""
        ...

    def send(self, messages: Sequence[OutgoingMessage], progress: Progress = UNNOTED) -> list[SendResult]:
        """Hand messages over and return one result per message; what goes wrong is a result, never an exception.

        Args:
            messages: The messages.
            progress: Is told of each before it can be taken and once its answer is known, from any thread; of none once this returns.
        """
        ...

    def check(self) -> None:
        """Do nothing if the provider is ready.

        Raises:
            Unavailable: If it can't be reached or refuses us; says why.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


Sign = Callable[[str, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a provider is given besides what was entered for it.

    Args:
        data_dir: The data folder; the outbox lies in it.
        sign: Returns the header lines (DKIM) that go in front of a finished email from a domain, empty where it has no keys;
            None where nothing is signed here.
    """

    data_dir: Path
    sign: Sign | None = None


FieldKind = Literal["text", "number", "password", "choice"]


@dataclass(frozen=True)
class FieldGroup:
    """What stands together under a heading, because it may be left out altogether.

    Args:
        label: The heading.
        help: What it is good for, one or two sentences.
    """

    label: str
    help: str


@dataclass(frozen=True)
class ProviderField:
    """One thing a person enters to set a provider up.

    Args:
        name: The name in `--set name=value`.
        label: The label of the form.
        kind: How it is entered.
        required: Whether it may not be empty.
        default: What it is if nothing is entered.
        help: One sentence below the field.
        secret: Whether it is stored encrypted and never shown again.
        choices: What can be chosen, for `choice`.
        choice_words: What the form calls each of them, in the same order; empty where the choices speak for themselves.
        check: Raises `InvalidInput` for a text that can't be what it should be; not asked where nothing is entered.
        is_wrapped: Whether line breaks in it mean nothing, as in a key that is pasted from a file.
        group: What it stands together with; None where it stands alone.
        goes_to: Returns from the shown values every place a secret is sent to, and how; None where it never leaves.
    """

    name: str
    label: str
    kind: FieldKind = "text"
    required: bool = True
    default: str | int = ""
    help: str = ""
    secret: bool = False
    choices: tuple[str, ...] = ()
    choice_words: tuple[str, ...] = ()
    check: Callable[[str], None] | None = None
    is_wrapped: bool = False
    group: FieldGroup | None = None
    goes_to: Callable[[Mapping[str, Any]], frozenset[Hashable]] | None = None

    def in_words(self, choice: str) -> str:
        """Return what the form calls a choice."""
        return dict(zip(self.choices, self.choice_words, strict=True)).get(choice, choice) if self.choice_words else choice


@dataclass(frozen=True)
class ProviderKind:
    """One kind of provider in the catalogue.

    Args:
        kind: The closed word ("outbox", "smtp").
        label: The name people read.
        summary: One sentence that says when to use it.
        fields: What has to be entered.
        build: Makes the provider from the entered values and its surroundings; None where it only reports and can't send.
        webhook: How it reports what became of mail; None where it does not.
        mailbox: Opens the mailbox that bounces come back to, from the entered values; it returns None where none was entered.
        needs: The fields nothing can be sent without, where a connection that only takes reports may leave them empty.
        takes_utf8: Whether it can carry mail to addresses with other than ASCII letters before the @ (RFC 6531).
    """

    kind: str
    label: str
    summary: str
    fields: tuple[ProviderField, ...]
    build: Callable[[Mapping[str, Any], Surroundings], Provider] | None
    webhook: WebhookKind | None = None
    mailbox: Callable[[Mapping[str, Any]], Mailbox | None] | None = None
    needs: tuple[str, ...] = ()
    takes_utf8: bool = False

    @property
    def sends(self) -> bool:
        """Whether mail can leave through it."""
        return self.build is not None

    def can_send(self, values: Mapping[str, Any]) -> bool:
        """Return whether mail can leave with what was entered."""
        return self.sends and all(values.get(name) for name in self.needs)

    def made(self, values: Mapping[str, Any], around: Surroundings) -> Provider:
        """Return a provider, ready to send.

        Args:
            values: What was entered; what was not has its default.
            around: What it is given besides.

        Raises:
            Unavailable: If nothing can be sent through it.
        """
        if self.build is None:
            raise Unavailable(f"Nothing can be sent through {self.label} yet; it takes reports only.", hint="Choose another connection.")
        complete = {field.name: field.default for field in self.fields} | dict(values)
        missing = [field.label for field in self.fields if field.name in self.needs and not complete[field.name]]
        if missing:
            raise Unavailable(f"Nothing can be sent through this connection: {missing[0]} is missing.", hint="Edit the connection.")
        return self.build(complete, around)
