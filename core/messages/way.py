"""One way out, how much may leave by it, and why nothing may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from core.messages.rows import Claimed
from core.providers.base import Provider


@dataclass(frozen=True)
class Hold:
    """Nothing may leave now.

    Args:
        until: When to look again.
        reason: Why, in words for the people who wait.
        needs_person: Whether nothing will leave before a person has changed something.
    """

    until: datetime
    reason: str
    needs_person: bool = False


@dataclass(frozen=True)
class Way:
    """One open connection.

    Args:
        connection_id: Which.
        provider: Takes the messages.
        limit: How many may leave through it now at most.
        route_id: The connection of the campaign it stands in for: itself, or the one that fails.
    """

    connection_id: int
    provider: Provider
    limit: int
    route_id: int = 0


class HasEmail(Protocol):
    """Whoever a message is for."""

    @property
    def email(self) -> str:
        """The address."""
        ...


@dataclass(frozen=True, slots=True)
class OneRecipient:
    """Whom a single message is for.

    Args:
        email: The address.
    """

    email: str


Reader = TypeVar("Reader", bound=HasEmail)


@dataclass(frozen=True)
class Paced(Generic[Reader]):
    """A chunk, as far as recipients' domains take it now.

    Args:
        now: What may leave.
        later: What has to wait, and until when, by message.
    """

    now: list[tuple[Claimed, Reader]]
    later: dict[int, datetime] = field(default_factory=dict)


def soonest(holds: Sequence[Hold]) -> Hold:
    """Return the hold that ends first."""
    return min(holds, key=lambda hold: hold.until)
