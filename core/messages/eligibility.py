"""Who of those a chunk is for may be mailed now: looked at once more, right before sending."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from core.clock import Clock
from core.contacts.lookup import Contact, mailable
from core.messages.plan import SendPlan
from core.messages.rows import Claimed
from core.storage.database import Database


@dataclass(frozen=True)
class Sorted:
    """A claimed chunk, sorted.

    Args:
        now: Who gets their message now.
        skipped: Messages that must not be sent, and why, by id.
        later: Messages that have to wait, and until when, by id.
    """

    now: list[tuple[Claimed, Contact]]
    skipped: dict[int, str]
    later: dict[int, datetime]


class Eligibility:
    """Sorts chunks of a campaign.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def sort(self, plan: SendPlan, claimed: Sequence[Claimed]) -> Sorted:
        """Return who of a chunk gets their message now, who must not and who has to wait."""
        with self._db.read() as connection:
            people, reasons = mailable(connection, plan.workspace_id, [each.contact_id for each in claimed])
        skipped = {each.message_id: reasons[each.contact_id] for each in claimed if each.contact_id not in people}
        return Sorted([(each, people[each.contact_id]) for each in claimed if each.contact_id in people], skipped, {})
