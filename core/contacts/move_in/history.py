"""What people did with the emails of another tool, as events of ours: opens and clicks that count for the person, for no campaign.

They go through the journal and the ingester like everything else that happens. Each has a key made of what it says, so an export
that is imported again brings nothing twice; `source` is “import”, and the tool and its campaign stand in the properties.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime

from core.clock import Clock, utc
from core.contacts.addresses import comparable
from core.contacts.move_in.archive import Part
from core.contacts.move_in.kits.kit import Kit, PastEvent
from core.storage.event_record import EventRecord, event_record
from core.storage.journal import JournalWriter

SOURCE = "import"
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
_BATCH = 1_000
_LONGEST_URL = 2_000


class Past:
    """Keeps what an export tells of the past.

    Args:
        workspace_id: Whose people they are.
        clock: The time.
        kit: Where the export is from.
        journal: Opened with the first event.
    """

    def __init__(self, workspace_id: int, clock: Clock, kit: Kit, journal: Callable[[], JournalWriter]) -> None:
        self._workspace_id, self._clock, self._kit, self._journal = workspace_id, clock, kit, journal

    @staticmethod
    def count(kit: Kit, parts: Iterable[Part], now: datetime) -> int:
        """Return how many opens and clicks an export tells of that can be kept."""
        return sum(1 for _ in _possible(kit, parts, now))

    def keep(self, parts: Iterable[Part], until: datetime, told: Callable[[int], None] = lambda _kept: None) -> int:
        """Keep them, on the disk when this returns, and return how many; those of no possible time are left out.

        Args:
            parts: The files of the export.
            until: When they were imported: nothing can have happened later.
            told: Told how many are kept, now and then.

        Raises:
            StorageFull: If the disk is full; doing it again brings the rest.
        """
        now, waiting, kept = self._clock.now(), [], 0
        for event in _possible(self._kit, parts, until):
            waiting.append(self._record(event, now))
            kept += 1
            if len(waiting) == _BATCH:
                self._journal().append(waiting, durable=True, keep=False)
                waiting = []
                told(kept)
        if waiting:
            self._journal().append(waiting, durable=True, keep=False)
        return kept

    def _record(self, event: PastEvent, now: datetime) -> EventRecord:
        properties = {"imported_from": self._kit.key, "campaign": event.campaign, "url": event.url[:_LONGEST_URL]}
        said = "\n".join((self._kit.key, event.email.lower(), event.at.isoformat(), event.campaign, event.url))
        return event_record(
            event.kind,
            event.at,
            SOURCE,
            received_at=utc(now).isoformat(timespec="microseconds"),
            workspace_id=self._workspace_id,
            recipient=comparable(event.email),
            key=f"{SOURCE}:{hashlib.sha256(said.encode()).hexdigest()[:40]}",
            properties={name: value for name, value in properties.items() if value},
        )


def _possible(kit: Kit, parts: Iterable[Part], now: datetime) -> Iterator[PastEvent]:
    for part in parts:
        yield from (event for event in kit.past(part) if _EARLIEST <= event.at <= now)
