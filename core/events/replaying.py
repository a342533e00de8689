"""Processing past lines again: what could not be told then, and can be now, gets to the lake and has its effects.

An event is known by its file and place in it, so whatever is in the lake already stays as it is. Each piece, its effects and
how far the job is are one transaction: killed anywhere, the piece counts whole or is done again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pyarrow as pa

from core.clock import Clock
from core.events.actions.means import Means
from core.events.chores import Guard
from core.events.compaction import Compaction
from core.events.datacentres import Datacentres
from core.events.event import Drop, DropReason, Event
from core.events.jobs import IntakeJobs, Job
from core.events.lake_rows import stage, table_of
from core.events.matching import load_context
from core.events.past_lines import PastLines
from core.events.pipeline import Sorted, sort_out
from core.events.reading import MOST_EVENTS, Reading, read_lines
from core.events.recording import record_kept
from core.messages.keys import MessageKeys
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Lake

# Some 3,000 events: what waits in the journals meanwhile waits a moment only.
_PIECE_BYTES = 512 * 1024
_SECONDS = 0.25
# A file is found by the times of its rows; an earlier release may have read them a little otherwise.
_MARGIN = timedelta(days=2)
_KNOWN = "select e.event_id from events e join asked a on a.event_id = e.event_id"
# How long after it happened a provider may tell again; by then the names of what it told may have been forgotten (`report_keys`).
_TOLD_AGAIN = timedelta(days=7)
_REPEATED = """
    select distinct a.event_id from asked a join events e on e.kind = a.kind and (
        (e.provider = a.provider and e.provider_event_id = a.provider_event_id)
        or (e.message_id = a.message_id and a.kind = 'delivered' and e.provider is not null)
        or (e.occurred_at = a.occurred_at and e.url is not distinct from a.url
            and e.user_agent is not distinct from a.user_agent and e.ip_prefix is not distinct from a.ip_prefix and (
            e.message_id = a.message_id
            or (a.message_id is null and e.contact_id = a.contact_id)
            or (a.message_id is null and a.contact_id is null and lower(e.recipient) = lower(a.recipient)))))
"""


class Replaying:
    """Does the jobs of kind `replay`.

    Args:
        db: The database.
        clock: The time.
        jobs: Where it is noted how far a job is.
        lake: Where events are kept.
        engine: Says which are there already.
        past: Reads the journals again.
        keys: Reads the names of our messages in what providers report.
        means: What effects go through.
        datacentres: Their networks, if not those that come with Postwright.
        piece_bytes: About how much of the journals is read for one transaction.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        jobs: IntakeJobs,
        lake: Lake,
        engine: AnalyticsEngine,
        past: PastLines,
        keys: MessageKeys,
        means: Means,
        *,
        datacentres: Datacentres | None = None,
        piece_bytes: int = _PIECE_BYTES,
    ) -> None:
        self._datacentres = datacentres
        self._db, self._clock, self._jobs, self._lake, self._engine = db, clock, jobs, lake, engine
        self._past, self._keys, self._means, self._piece_bytes = past, keys, means, piece_bytes
        self._compaction = Compaction(db, lake)

    def work(self, job: Job, guard: Guard) -> None:
        """Do pieces of a job for a moment, each in a transaction of its own."""
        began = time.monotonic()
        going: Job | None = job
        while going is not None and time.monotonic() < began + _SECONDS:
            going = self._piece(going, guard)
        self._compaction.run([job.workspace_id], guard=guard)

    def _piece(self, job: Job, guard: Guard) -> Job | None:
        """Do one piece and return the job as it stands then, None if that was all."""
        piece = self._past.next(job.place, job.since, job.until, max_bytes=self._piece_bytes)
        if piece is None:
            with self._db.transaction() as connection:
                guard(connection)
                self._jobs.finish(connection, job, job.counts)
            return None
        reading = read_lines(piece.lines, most=MOST_EVENTS)
        piece, found = piece.first(reading.lines), _of(reading, job.workspace_id)
        known = self._known(job.workspace_id, [each for each in found if isinstance(each, Event)])
        sorted_out = self._sort_out([each for each in found if isinstance(each, Drop) or each.event_id not in known])
        ours = [event for event in sorted_out.kept if event.workspace_id == job.workspace_id]
        repeated = self._repeated(job.workspace_id, [event for event in ours if event.is_reported])
        kept = [event for event in ours if event.event_id not in repeated]
        counts = Counter({"known": len(known), "added": len(kept), DropReason.DUPLICATE.value: len(repeated)})
        counts += Counter(job.counts) + _left_out(sorted_out, job.workspace_id)
        staged, now = stage(self._lake, kept), self._clock.now()
        with self._db.transaction() as connection:
            guard(connection)
            self._lake.commit(connection, staged)
            record_kept(connection, kept, self._means, now)
            return self._jobs.advance(connection, job, piece.place, counts)

    def _known(self, workspace_id: int, events: Sequence[Event]) -> set[int]:
        """Return which of the events the workspace's lake has already."""
        if not events:
            return set()
        first, last = min(event.at for event in events), max(event.at for event in events)
        with self._engine.session(workspace_id, since=first - _MARGIN, until=last + _MARGIN) as session:
            session.add_table("asked", pa.table({"event_id": pa.array([event.event_id for event in events], pa.int64())}))
            return {row["event_id"] for row in session.rows(_KNOWN)}

    def _repeated(self, workspace_id: int, events: Sequence[Event]) -> set[int]:
        """Return which of the reported events the lake has under another number, because they were told more than once."""
        if not events:
            return set()
        first, last = min(event.at for event in events), max(event.at for event in events)
        with self._engine.session(workspace_id, since=first - _TOLD_AGAIN, until=last + _TOLD_AGAIN) as session:
            session.add_table("asked", table_of(events))
            return {row["event_id"] for row in session.rows(_REPEATED)}

    def _sort_out(self, found: Sequence[Event | Drop]) -> Sorted:
        with self._db.read() as connection:
            context = load_context(connection, [each for each in found if isinstance(each, Event)], self._keys, self._datacentres)
        return sort_out(found, context)


def _of(reading: Reading, workspace_id: int) -> list[Event | Drop]:
    """Return what is, or may turn out to be, a workspace's; the ledger alone knows whose an open is."""
    return [each for each in reading.found if each.workspace_id == workspace_id or (not each.workspace_id and isinstance(each, Event))]


def _left_out(sorted_out: Sorted, workspace_id: int) -> Counter[str]:
    """Return how many of the workspace's events were left out again, by reason."""
    left: Counter[str] = Counter()
    for (whose, _, outcome), number in sorted_out.counts.items():
        if whose == workspace_id and outcome in sorted_out.dropped:
            left[str(outcome)] += number
    return left
