"""What an action may use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.consent.consent import Consent
from core.contacts.suppression.suppression import Suppressions
from core.events.event import Event


@dataclass(frozen=True)
class Means:
    """The services that effects go through."""

    clock: Clock
    consent: Consent
    suppressions: Suppressions


Action = Callable[[sa.Connection, Sequence[Event], Means], None]
