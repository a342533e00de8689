"""What a workspace asks of all its campaigns: hours in which nobody is written to, and how often anybody may be at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.hours import Quiet

MOST_MESSAGES = 100
MOST_DAYS = 90


@dataclass(frozen=True)
class Cap:
    """How many campaigns somebody gets at most.

    Args:
        messages: So many.
        days: Within so many days.
    """

    messages: int
    days: int

    def __post_init__(self) -> None:
        if not 1 <= self.messages <= MOST_MESSAGES or not 1 <= self.days <= MOST_DAYS:
            hint = f"1 to {MOST_MESSAGES} emails within 1 to {MOST_DAYS} days can be counted."
            raise InvalidInput("This limit of emails can't be used.", hint=hint)


@dataclass(frozen=True)
class SendingRules:
    """The rules.

    Args:
        quiet: When nobody gets anything, in each contact's time zone; None for no such hours.
        cap: How many campaigns somebody gets at most; None for any number.
    """

    quiet: Quiet | None = None
    cap: Cap | None = None

    def as_json(self) -> dict[str, Any]:
        """Return them as they are kept."""
        kept: dict[str, Any] = {"quiet": self.quiet.as_json()} if self.quiet else {}
        return kept | ({"cap": {"messages": self.cap.messages, "days": self.cap.days}} if self.cap else {})

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> SendingRules:
        """Return what `as_json` wrote."""
        quiet, cap = given.get("quiet"), given.get("cap")
        return cls(Quiet.from_json(quiet) if quiet else None, Cap(cap["messages"], cap["days"]) if cap else None)
