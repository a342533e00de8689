"""An event on its way from a journal line to the lake, and the closed list of reasons why one is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from core.storage.event_words import EventKind

# Nobody was written to before, and every margin around it is still a time.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)


class Step(StrEnum):
    """The stations on an event's way; counters name them, in this order."""

    PARSE = "parse"
    UNPACK = "unpack"
    MATCH = "match"
    DEDUPLICATE = "deduplicate"
    JUDGE = "judge"
    LAKE = "lake"


class Found(StrEnum):
    """Whom an event could be matched to."""

    MESSAGE = "message"
    CONTACT = "contact"
    NOBODY = "nobody"


class DropReason(StrEnum):
    """Why a journal line, or an event in it, did not get to the lake; the line itself stays in the journal."""

    UNREADABLE = "unreadable"
    INVALID = "invalid"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Drop:
    """What a step answers instead of the event.

    Args:
        reason: Why.
        step: Where.
        workspace_id: Whose it was, 0 where that can't be told.
    """

    reason: DropReason
    step: Step
    workspace_id: int = 0


class MatchedMessage(NamedTuple):
    """The ledger's row behind an event, as it was when the batch was read; a tuple, because making one is four times as fast.

    Args:
        id: The message.
        workspace_id: Whose message it is.
        campaign_id: The campaign it belongs to, None for a single message.
        contact_id: Who it went to, None for somebody who is no contact.
        variant_id: The arm of an A/B test, if any.
        state: Its state in the ledger.
        accepted_at: When it was accepted, None where the ledger does not say.
        is_recorded: Whether the lake has its `sent` event already.
        email: Whom it went to, None if the contact has been deleted.
    """

    id: int
    workspace_id: int
    campaign_id: int | None
    contact_id: int | None
    variant_id: int | None
    state: str
    accepted_at: datetime | None
    is_recorded: bool
    email: str | None

    @property
    def is_accepted(self) -> bool:
        """Whether the ledger says when it was accepted."""
        return self.accepted_at is not None

    @property
    def recipient_domain(self) -> str | None:
        """The part of the address after the @, None if the contact has been deleted."""
        return self.email.rpartition("@")[2] if self.email else None


@dataclass(slots=True)
class Event:
    """Something that happened, checked; the steps of the pipeline fill in what the journal does not say itself.

    Args:
        event_id: The same for the same line (and place in it), however often it is read.
        kind: What happened.
        at: When, UTC.
        received_at: When we heard of it, UTC; a provider may tell late.
        source: Which process saw it ("receiver", "delivery", "api", "webhook").
        workspace_id: Whose event it is; 0 until it is matched, where the journal does not say.
        message_key: Our own name of the message, as a provider returns it.
        rfc_message_id: The Message-ID header, as a provider returns it, without angle brackets.
        recipient: The address a provider names; for the lake it stays only where no contact matches.
        told_address: The address a provider names, kept for effects only: the contact may have been deleted since.
        ip: The address that asked; never stored, its network is.
        machine: What the provider itself says about who acted, if anything (`Actor.MACHINE`, `Actor.PROXY`).
        key: Marks an event that may be reported twice, else None.
        report_keys: What tells a provider's report of it from others (`report_keys`); none for what we saw ourselves.
        is_reported: Whether somebody else told it: a provider, or a shop through the API.
        must_name_message: Whether anybody may have told it, so that it counts only where it names one of our messages by its key.
        message: The ledger's row, set by matching; None where the message is not one of ours.
        contact_email: The contact's address where only the contact is ours, not the message; set by matching.
        found: Whom it was matched to.
        url: Where the clicked link leads, set by matching.
        actor: Who did it, None where nobody acts (`sent`, `bounced`); set by judging.
        actor_reason: Why we think so.
        signals: What judging has seen, words separated by commas; with them history can be judged again.
        rules_version: Which rules judged.
        visitor: A pseudonym of the day in the person's place, in workspaces that track no people.
    """

    event_id: int
    kind: EventKind
    at: datetime
    received_at: datetime
    source: str
    workspace_id: int = 0
    message_id: int | None = None
    campaign_id: int | None = None
    contact_id: int | None = None
    variant_id: int | None = None
    link_id: int | None = None
    connection_id: int | None = None
    message_key: str | None = None
    rfc_message_id: str | None = None
    recipient: str | None = None
    recipient_domain: str | None = None
    told_address: str | None = None
    provider: str | None = None
    provider_event_id: str | None = None
    provider_message_id: str | None = None
    bounce_class: str | None = None
    reason: str | None = None
    ip: str | None = None
    ip_prefix: str | None = None
    user_agent: str | None = None
    method: str | None = None
    machine: str | None = None
    value: float | None = None
    currency: str | None = None
    key: str | None = None
    report_keys: tuple[int, ...] = ()
    is_reported: bool = False
    must_name_message: bool = False
    properties: str | None = None
    message: MatchedMessage | None = None
    contact_email: str | None = None
    found: Found = Found.NOBODY
    url: str | None = None
    actor: str | None = None
    actor_reason: str | None = None
    signals: str | None = None
    rules_version: int | None = None
    visitor: int | None = None
    client: str | None = None
    device: str | None = None

    @property
    def address(self) -> str | None:
        """The email address it is about, None where nobody knows it (any more)."""
        known = self.message.email if self.message is not None else self.contact_email
        return known or self.recipient or self.told_address

    @property
    def matched(self) -> MatchedMessage:
        """The ledger's row of an event about one of our messages.

        Raises:
            LookupError: If it is about none.
        """
        if self.message is None:
            raise LookupError("the event is about no message of ours")
        return self.message
