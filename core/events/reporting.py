"""What an ingester's round did, in numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from core.events.following import Batch
from core.events.pipeline import Sorted


@dataclass(frozen=True)
class IngestReport:
    """What one round did.

    Args:
        is_active: Whether we were the one who may ingest; if not, another process does.
        read: Journal lines read.
        kept: Events now in the lake.
        dropped: Lines left out, by reason; they stay in the journal.
        torn_bytes: Bytes of last lines cut off by a crash.
        lag: Seconds between the oldest of these events and now; 0 if there was none.
        more: Whether lines are waiting for the next round.
    """

    is_active: bool = True
    read: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    torn_bytes: int = 0
    lag: float = 0.0
    more: bool = False

    @classmethod
    def of(cls, batch: Batch, sorted_out: Sorted, now: datetime) -> IngestReport:
        """Return the report of a batch."""
        oldest = min((event.received_at for event in sorted_out.kept), default=now)
        return cls(
            read=sum(len(part.records) for part in batch.slices),
            kept=len(sorted_out.kept),
            dropped=sorted_out.dropped,
            torn_bytes=batch.torn_bytes,
            lag=max(0.0, (now - oldest).total_seconds()),
            more=batch.more,
        )

    def plus(self, later: IngestReport) -> IngestReport:
        """Return the sum of two rounds."""
        return IngestReport(
            is_active=later.is_active,
            read=self.read + later.read,
            kept=self.kept + later.kept,
            dropped=dict(Counter(self.dropped) + Counter(later.dropped)),
            torn_bytes=self.torn_bytes + later.torn_bytes,
            lag=max(self.lag, later.lag),
            more=later.more,
        )
