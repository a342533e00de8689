"""What a segment is, and somebody in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.permissions import Principal
from core.segments.asking import Rules


@dataclass(frozen=True)
class Segment:
    """Rules with a name.

    Args:
        id: Its number.
        name: Unique in the workspace.
        rules: The rules as JSON; lists are named by id.
        created_at: When it was made.
        updated_at: When it was last changed.
        created_by: Who made it ("person:7"); empty where that is not known.
    """

    id: int
    name: str
    rules: Rules
    created_at: datetime
    updated_at: datetime
    created_by: str = ""

    def may_be_changed_by(self, by: Principal) -> bool:
        """Return whether somebody who may edit segments may change this one."""
        return by.lists is None or self.created_by == by.label


@dataclass(frozen=True)
class PreviewContact:
    """One of the people a segment chooses, as the builder page shows them.

    Args:
        id: The contact's number.
        email: The address.
        first_name: May be empty.
        last_name: May be empty.
        consent: Where the person stands.
        attributes: What else is known, by name.
    """

    id: int
    email: str
    first_name: str
    last_name: str
    consent: str
    attributes: Mapping[str, Any]
