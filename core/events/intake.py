"""Event intake as people see it: what came in, what was left out and why, single events with their raw lines, and replay."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, InvalidInput, NotFound
from core.events import backlog, intake_figures, looking_up
from core.events.event import EARLIEST
from core.events.intake_figures import Overview
from core.events.jobs import IntakeJobs, Job, JobKind
from core.events.looking_up import FoundEvent
from core.events.past_lines import PastLines
from core.events.raw_lines import RawLine, RawLines
from core.events.rejudging import DRY_RUN
from core.messages.keys import MessageKeys
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine


@dataclass(frozen=True)
class RawEvent:
    """An event and where it came from.

    Args:
        event: The event as the lake has it.
        line: Its journal line, None if that is no longer kept.
        raw_since: How far back raw lines are kept, None where there are none.
    """

    event: FoundEvent
    line: RawLine | None
    raw_since: datetime | None


@dataclass(frozen=True)
class Extent:
    """What a replay reads.

    Args:
        files: How many journal files.
        size: How many bytes of them, about.
        raw_since: How far back raw lines are kept, None where there are none.
    """

    files: int
    size: int
    raw_since: datetime | None


class Intake:
    """Shows what comes in and has past events processed again; only for who may see all lists: events can't be told apart by them.

    Args:
        db: The database.
        clock: The time.
        engine: Reads the lake.
        jobs: Work over past events.
        keys: Reads message keys.
        journal_dir: The folder of the journals.
    """

    def __init__(self, db: Database, clock: Clock, engine: AnalyticsEngine, jobs: IntakeJobs, keys: MessageKeys, journal_dir: Path) -> None:
        self._db, self._clock, self._engine, self._jobs, self._keys = db, clock, engine, jobs, keys
        self._journal_dir, self._past = journal_dir, PastLines(db, journal_dir)
        self._raw_lines = RawLines(self._past)

    def overview(self, by: Principal, since: datetime) -> Overview:
        """Return what came in since a moment, and how far behind the ingester is now.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
            InvalidInput: If the moment has no zone or is not past.
        """
        _require(by, Permission.INTAKE_VIEW)
        now = self._clock.now()
        since, _ = _span(since, now, now)
        with self._db.read() as connection:
            counted = intake_figures.count(connection, by.workspace_id, since, now)
        return Overview(
            since,
            now,
            counted.step,
            counted.moments,
            counted.steps,
            counted.slowest,
            intake_figures.sources(self._engine, by.workspace_id, since),
            backlog.measure(self._db, self._clock, self._journal_dir),
            self._past.oldest(),
        )

    def look_up(self, by: Principal, words: str) -> list[FoundEvent]:
        """Return events by their number, their message's number or key, a provider's name of either, or an address; newest first.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
        """
        _require(by, Permission.INTAKE_VIEW)
        return looking_up.look_up(self._db, self._engine, self._keys, by.workspace_id, words)

    def raw(self, by: Principal, event_id: int) -> RawEvent:
        """Return an event with the journal line it came from.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
            NotFound: If the workspace has no such event.
        """
        _require(by, Permission.INTAKE_VIEW)
        event = looking_up.find(self._db, self._engine, by.workspace_id, event_id) if 0 <= event_id < 2**63 else None
        if event is None:
            raise NotFound("There is no such event.", hint="Look it up by its message, or by an address.")
        line = self._raw_lines.find(by.workspace_id, event.event_id, event.received_at.astimezone(UTC))
        return RawEvent(event, line, self._past.oldest())

    def extent(self, by: Principal, since: datetime, until: datetime) -> Extent:
        """Return what a replay of a time range would read.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
            InvalidInput: If the range makes no sense.
        """
        _require(by, Permission.INTAKE_VIEW)
        files = self._past.files(*_span(since, until, self._clock.now()))
        return Extent(len(files), sum(file.read_to for file in files), self._past.oldest())

    def replay(self, by: Principal, since: datetime, until: datetime) -> Job:
        """Have the raw lines of a time range processed again; return the job that does it.

        Raises:
            Denied: Without `intake.manage`, or for somebody who may see only some lists.
            InvalidInput: If the range makes no sense.
            Conflict: If a replay of this workspace is still going on.
        """
        _require(by, Permission.INTAKE_MANAGE)
        since, until = _span(since, until, self._clock.now())
        with self._db.transaction() as connection:
            if self._jobs.is_open(connection, by.workspace_id, JobKind.REPLAY):
                raise Conflict("Events are being processed again already.", hint="Wait until that is done, or stop it.")
            job_id = self._jobs.request(connection, by.workspace_id, JobKind.REPLAY, since, until, by.label)
            told = {"since": since.isoformat(), "until": until.isoformat()}
            record(connection, self._clock.now(), by, AuditAction.INTAKE_REPLAYED, f"intake_job:{job_id}", after=told)
        return self._jobs.get(by.workspace_id, job_id)

    def reclassify(self, by: Principal, since: datetime, until: datetime, *, dry_run: bool = False) -> Job:
        """Have opens and clicks of a time range judged again by today's rules; return the job that does it.

        Args:
            by: Who asks.
            since: From when on.
            until: Up to when, exclusively.
            dry_run: Whether changes are counted only.

        Raises:
            Denied: Without `intake.manage`, or for somebody who may see only some lists.
            InvalidInput: If the range makes no sense.
            Conflict: If that is still going on in this workspace.
        """
        _require(by, Permission.INTAKE_MANAGE)
        since, until = _span(since, until, self._clock.now())
        with self._db.transaction() as connection:
            if self._jobs.is_open(connection, by.workspace_id, JobKind.RECLASSIFY):
                raise Conflict("People and machines are being told apart again already.", hint="Wait until that is done, or stop it.")
            place = {DRY_RUN: True} if dry_run else {}
            job_id = self._jobs.request(connection, by.workspace_id, JobKind.RECLASSIFY, since, until, by.label, place=place)
            told = {"since": since.isoformat(), "until": until.isoformat(), "dry_run": dry_run}
            record(connection, self._clock.now(), by, AuditAction.INTAKE_RECLASSIFIED, f"intake_job:{job_id}", after=told)
        return self._jobs.get(by.workspace_id, job_id)

    def jobs(self, by: Principal) -> list[Job]:
        """Return what was asked for over past events, newest first.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
        """
        _require(by, Permission.INTAKE_VIEW)
        return self._jobs.of(by.workspace_id)

    def job(self, by: Principal, job_id: int) -> Job:
        """Return one job.

        Raises:
            Denied: Without `intake.view`, or for somebody who may see only some lists.
            NotFound: If the workspace has none of this number.
        """
        _require(by, Permission.INTAKE_VIEW)
        return self._jobs.get(by.workspace_id, job_id)

    def cancel(self, by: Principal, job_id: int) -> None:
        """End a job before it is done; what it did until then stays.

        Raises:
            Denied: Without `intake.manage`, or for somebody who may see only some lists.
            NotFound: If the workspace has no open job of this number.
        """
        _require(by, Permission.INTAKE_MANAGE)
        with self._db.transaction() as connection:
            self._jobs.cancel(connection, by.workspace_id, job_id)
            record(connection, self._clock.now(), by, AuditAction.INTAKE_JOB_CANCELLED, f"intake_job:{job_id}")


def _require(by: Principal, permission: Permission) -> None:
    by.require(permission)
    by.require_all_lists()


def _span(since: datetime, until: datetime, now: datetime) -> tuple[datetime, datetime]:
    if since.tzinfo is None or until.tzinfo is None:
        raise InvalidInput("The time has no zone.", hint="Write it like 2026-11-22T12:00:00Z.")
    since, until = max(since, EARLIEST).astimezone(UTC), min(until, now).astimezone(UTC)
    if since >= until:
        raise InvalidInput("The time ends before it begins.", hint="Choose a beginning in the past, and an end after it.")
    return since, until
