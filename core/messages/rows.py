"""What the ledger hands out: a claimed message, and a message as people see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.messages.states import MessageState


@dataclass(frozen=True, slots=True, order=True)
class Claimed:
    """A message that only the claimer may send, until its lease ends.

    Args:
        message_id: The ledger row.
        contact_id: Whom it is for; 0 for somebody who is no contact.
        variant_id: The arm of an A/B test, or None.
        attempts: How often it has been tried before.
        is_bound: Whether it may leave by one connection only: that one may have it already, and would not deliver it twice.
    """

    message_id: int
    contact_id: int
    variant_id: int | None
    attempts: int
    is_bound: bool = False


@dataclass(frozen=True, slots=True)
class Released:
    """What became of messages whose lease had run out.

    Args:
        queued: How many wait again: nothing had left, or sending twice is harmless.
        uncertain: How many may have left; they are never sent again unasked.
    """

    queued: int
    uncertain: int


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """An accepted message the lake has not heard of.

    Args:
        message_id: The ledger row.
        accepted_at: When the provider took it.
        provider_message_id: The provider's name for it.
    """

    message_id: int
    accepted_at: datetime
    provider_message_id: str | None


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message in a list.

    Args:
        id: The ledger row.
        contact_id: Whom it is for; None for somebody who is no contact.
        email: The address, or None once the contact is deleted.
        variant_id: The arm of an A/B test, or None.
        state: Where it is.
        reason: Why, for what did not go through.
        attempts: How often it was tried.
        due_at: When it is tried again.
        queued_at: When the campaign was launched, or the message asked for.
        accepted_at: When the provider took it.
        provider_message_id: The provider's name for it.
    """

    id: int
    contact_id: int | None
    email: str | None
    variant_id: int | None
    state: MessageState
    reason: str
    attempts: int
    due_at: datetime | None
    queued_at: datetime
    accepted_at: datetime | None
    provider_message_id: str | None
