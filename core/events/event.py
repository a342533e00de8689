"""An event on its way from a journal line to the lake, and the closed list of reasons why one is left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.storage.event_words import EventKind


class DropReason(StrEnum):
    """Why a journal line did not become an event of the lake; the line itself stays in the journal."""

    UNREADABLE = "unreadable"
    INVALID = "invalid"
    UNMATCHED = "unmatched"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Drop:
    """What a step answers instead of the event."""

    reason: DropReason


@dataclass(frozen=True, slots=True)
class MatchedMessage:
    """The ledger's row behind an event, as it was when the batch was read.

    Args:
        id: The message.
        workspace_id: Whose message it is.
        campaign_id: The campaign it belongs to.
        contact_id: Who it went to.
        variant_id: The arm of an A/B test, if any.
        state: Its state in the ledger.
        is_accepted: Whether the ledger says when it was accepted.
        is_recorded: Whether the lake has its `sent` event already.
        email: The contact's address, None if the contact has been deleted.
    """

    id: int
    workspace_id: int
    campaign_id: int
    contact_id: int
    variant_id: int | None
    state: str
    is_accepted: bool
    is_recorded: bool
    email: str | None

    @property
    def recipient_domain(self) -> str | None:
        """The part of the address after the @, None if the contact has been deleted."""
        return self.email.rpartition("@")[2] if self.email else None


@dataclass(slots=True)
class Event:
    """One journal line, checked; the steps of the pipeline fill in what it does not say itself.

    Args:
        event_id: The same for the same line, however often it is read.
        kind: What happened.
        at: When, UTC.
        source: Which process saw it.
        key: Marks an event that may be reported twice, else None.
        message: The ledger's row, set by matching.
        url: Where the clicked link leads, set by matching.
        actor: Who did it, None where nobody acts (`sent`, `bounced`); set by judging.
        actor_reason: Why we think so.
    """

    event_id: int
    kind: EventKind
    at: datetime
    source: str
    message_id: int | None = None
    link_id: int | None = None
    provider: str | None = None
    provider_event_id: str | None = None
    provider_message_id: str | None = None
    bounce_class: str | None = None
    reason: str | None = None
    ip_prefix: str | None = None
    user_agent: str | None = None
    method: str | None = None
    value: float | None = None
    currency: str | None = None
    key: str | None = None
    properties: str | None = None
    message: MatchedMessage | None = None
    url: str | None = None
    actor: str | None = None
    actor_reason: str | None = None
    client: str | None = None
    device: str | None = None

    @property
    def matched(self) -> MatchedMessage:
        """The ledger's row of an event that passed matching.

        Raises:
            LookupError: If it has not passed.
        """
        if self.message is None:
            raise LookupError("the event was not matched")
        return self.message
