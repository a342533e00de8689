"""The ingester: journal -> pipeline -> lake and effects, a moment behind what happens, and one at a time.

A batch is read, sorted out, and staged in the lake as files nobody reads yet. Then one transaction moves the journal
offsets, lists the files and applies the effects. Killed anywhere before its commit, nothing of the batch counts and it
is read again; killed after, all of it does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.consent.consent import Consent
from core.contacts.hosted.applying import Applying
from core.contacts.snapshot import ContactSnapshots
from core.contacts.suppression.suppression import Suppressions
from core.errors import Conflict, PostwrightError
from core.events.actions.means import Means
from core.events.chores import Chore
from core.events.compaction import Compaction
from core.events.counting import count_steps
from core.events.datacentres import Datacentres
from core.events.event import DropReason
from core.events.facts import Facts
from core.events.following import BATCH_BYTES, Batch, advance, next_batch
from core.events.lake_rows import stage
from core.events.matching import load_context
from core.events.outside import carry_out
from core.events.pipeline import Sorted, sort_out
from core.events.reading import MOST_EVENTS, Reading, read_lines
from core.events.recording import record_kept
from core.events.reporting import IngestReport
from core.events.throttle import Throttle
from core.ids import random_name
from core.messages.keys import MessageKeys
from core.storage.bulk import gc_paused
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Lake, StagedFile
from core.storage.leases import Lease
from core.storage.tables import workspaces

_log = logging.getLogger(__name__)
T = TypeVar("T")
# A killed ingester's successor waits this long at most.
_LEASE = timedelta(seconds=6)


class _Pace(NamedTuple):
    """How long facts are rebuilt at a time, and which part of all time that may take."""

    seconds: float
    share: float


_AS_A_RULE = _Pace(0.5, 0.3)
# While many events wait, reports are behind anyway, and the sooner the events are in the lake the better.
_WHEN_BEHIND = _Pace(0.1, 0.1)
# A fresh import is slow to segment until a snapshot holds it, and looking whether one is needed is cheap.
_HOUSEKEEPING_SECONDS = 10.0


class Ingester:
    """Turns journal lines into events of the lake and their effects.

    Args:
        db: The database.
        clock: The time.
        lake: Where events are kept.
        engine: Computes facts.
        journal_dir: The folder of the journals.
        consent: Takes back consent on `unsubscribed`.
        suppressions: Suppresses addresses on hard bounces and complaints.
        snapshots: The contacts' snapshots, refreshed now and then.
        keys: Reads the names of our messages in what providers report.
        chores: What else only the one who ingests may do, piece by piece between two batches.
        datacentres: Their networks, if not those that come with Postwright.
        batch_bytes: About how much of the journals is read at a time.
        batch_events: About how many events are made of it at a time.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        lake: Lake,
        engine: AnalyticsEngine,
        journal_dir: Path,
        consent: Consent,
        suppressions: Suppressions,
        snapshots: ContactSnapshots,
        keys: MessageKeys,
        *,
        chores: Sequence[Chore] = (),
        datacentres: Datacentres | None = None,
        batch_bytes: int = BATCH_BYTES,
        batch_events: int = MOST_EVENTS,
    ) -> None:
        self._db, self._clock, self._lake, self._journal_dir, self._snapshots = db, clock, lake, journal_dir, snapshots
        self._keys, self._chores, self._datacentres = keys, chores, datacentres
        self._batch_bytes, self._batch_events = batch_bytes, batch_events
        self._applying = Applying(db, suppressions)
        self._means = Means(clock, consent, suppressions)
        self._facts, self._compaction = Facts(db, lake, engine), Compaction(db, lake)
        self._throttle = Throttle()
        self._lease = Lease(db, clock, "ingester", f"ingester-{random_name()}", _LEASE)
        self._renew_at = clock.now()
        self._housekept_at = time.monotonic()

    def run(self, stop: threading.Event, interval: float = 0.25) -> None:
        """Ingest until told to stop; a failure is logged and tried again, because everything is still in the journal.

        Args:
            stop: Set it to end after the batch at hand.
            interval: Seconds between two looks when nothing is waiting.
        """
        while not stop.is_set():
            more = self._attempt(self._is_leader) and self._round()
            if not more:
                stop.wait(interval)
        self.close()

    def close(self) -> None:
        """Give the lease back, so that another ingester can begin at once."""
        self._renew_at = self._clock.now()
        self._lease.release()

    def run_once(self) -> IngestReport:
        """Ingest one batch, do a piece of every chore, bring all facts up to date, and return what was done.

        Raises:
            StorageFull: If the lake's disk is full; the events stay in the journal.
        """
        if not self._is_leader():
            return IngestReport(is_active=False)
        report = self._ingest()
        self._follow_up()
        return report

    def catch_up(self) -> IngestReport:
        """Ingest batch after batch until nothing is waiting, then bring all facts up to date, and return the sum."""
        total = IngestReport(is_active=self._is_leader(), more=True)
        while total.is_active and total.more:
            total = total.plus(self._ingest() if self._is_leader() else IngestReport(is_active=False))
        if total.is_active:
            self._follow_up()
        return total

    def _follow_up(self) -> None:
        for chore in self._chores:
            chore.run(self._guard)
        for stale in self._facts.stale():
            self._facts.rebuild(stale, guard=self._guard)

    def housekeep(self) -> None:
        """Delete dead files of the lake and refresh the contacts' snapshots."""
        self._lake.sweep()
        with self._db.read() as connection:
            ids = connection.execute(sa.select(workspaces.c.id)).scalars().all()
        for workspace_id in ids:
            self._snapshots.refresh(workspace_id)

    def _round(self) -> bool:
        """Do one round of the loop and return whether more is waiting; where one part fails the others still get their turn."""
        report = self._attempt(self._ingest)
        for chore in self._chores:
            self._attempt(partial(chore.run, self._guard))
        is_behind = report is not None and report.more
        self._refresh_facts(_WHEN_BEHIND if is_behind else _AS_A_RULE)
        if time.monotonic() - self._housekept_at > _HOUSEKEEPING_SECONDS:
            self._housekept_at = time.monotonic()
            self._attempt(self.housekeep)  # also while the disk is full: this is what frees it
        return is_behind

    def _refresh_facts(self, pace: _Pace) -> None:
        """Rebuild facts for a while, unless they have had their share of the time."""
        if not self._throttle.is_open():
            return
        began = time.monotonic()
        for stale in self._attempt(self._facts.stale) or ():
            self._attempt(partial(self._facts.rebuild, stale, guard=self._guard))
            if time.monotonic() > began + pace.seconds:
                break
        self._throttle.worked(time.monotonic() - began, pace.share)

    def _attempt(self, part: Callable[[], T]) -> T | None:
        """Do a part of the round; a failure is logged and the part tried again in the next one."""
        try:
            return part()
        except PostwrightError as error:
            _log.warning("ingesting failed, trying again: %s", error)
        except Exception:
            _log.exception("ingesting failed, trying again")
        return None

    def _ingest(self) -> IngestReport:
        with gc_paused():
            return self._ingest_batch()

    def _ingest_batch(self) -> IngestReport:
        batch = next_batch(self._db, self._journal_dir, max_bytes=self._batch_bytes)
        if not batch.slices:
            return IngestReport(is_active=True)
        reading = read_lines(batch.lines(), most=self._batch_events)
        batch = batch.first(reading.lines)
        sorted_out = self._sort_out(reading)
        staged = stage(self._lake, sorted_out.kept)
        self._record(batch, sorted_out, staged, reading.asked)
        touched = sorted({event.workspace_id for event in sorted_out.kept})
        self._compaction.run(touched, guard=self._guard)
        return self._report(batch, sorted_out)

    def _sort_out(self, reading: Reading) -> Sorted:
        with self._db.read() as connection:
            context = load_context(connection, reading.events, self._keys, self._datacentres)
        return sort_out(reading.found, context, reading.reports)

    def _record(self, batch: Batch, sorted_out: Sorted, staged: Sequence[StagedFile], asked: Sequence[Mapping[str, Any]]) -> None:
        now = self._clock.now()
        with self._db.transaction() as connection:
            self._guard(connection)
            advance(connection, batch, now)
            self._lake.commit(connection, staged)
            carry_out(connection, asked, self._applying)  # first: a "no" of the same batch knows what was agreed to since it was said
            record_kept(connection, sorted_out.kept, self._means, now)
            count_steps(connection, sorted_out.counts, sorted_out.kept, now)

    def _is_leader(self) -> bool:
        """Return whether we hold the lease; asked for anew only when a third of it is gone, because asking is a write."""
        now = self._clock.now()
        if now >= self._renew_at and self._lease.hold():
            self._renew_at = now + _LEASE / 3
        return now < self._renew_at

    def _guard(self, connection: sa.Connection) -> None:
        if not self._lease.keep(connection):
            self._renew_at = self._clock.now()
            raise Conflict("Another ingester has taken over.", hint="Nothing is lost: it reads the same journals.")

    def _report(self, batch: Batch, sorted_out: Sorted) -> IngestReport:
        report = IngestReport.of(batch, sorted_out, self._clock.now())
        if report.torn_bytes:
            names = ", ".join(part.file for part in batch.slices if part.torn_bytes)
            _log.warning("ignored a last line cut off by a crash: %d bytes in %s", report.torn_bytes, names)
        if report.dropped:
            # The same order reported twice is everyday life; anything else is worth a look.
            is_routine = set(report.dropped) <= {DropReason.DUPLICATE}
            _log.log(logging.INFO if is_routine else logging.WARNING, "left out of the lake, kept in the journal: %s", report.dropped)
        return report
