"""Work over past events that somebody asked for: kept in the database, done piece by piece by the one who ingests.

A worker commits each piece together with how far it is (`IntakeJobs.advance`), so a killed process neither loses a piece nor
does one twice, and a job goes on wherever its page or terminal is.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import sqlalchemy as sa

from core.clock import Clock
from core.errors import Conflict, NotFound, StorageFull, Unavailable
from core.events.chores import Guard
from core.events.tables import intake_jobs
from core.ids import random_name
from core.storage.database import Database

_log = logging.getLogger(__name__)


class JobKind(StrEnum):
    """What can be done with past events."""

    REPLAY = "replay"
    RECLASSIFY = "reclassify"


class JobState(StrEnum):
    """How far a job is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN = frozenset({JobState.WAITING, JobState.RUNNING})


@dataclass(frozen=True)
class Job:
    """A job as it stands.

    Args:
        id: Its number.
        workspace_id: Whose events.
        kind: What is done.
        since: From when on.
        until: Up to when, exclusively.
        state: How far it is.
        place: Where the worker goes on; only the worker reads it, `{}` before the first piece. `progress` in it (0 to 1) is shown.
        counts: What came of it so far, by word.
        error: Why it failed, in words for people.
        requested_by: The label of who asked for it.
        created_at: When it was asked for.
        finished_at: When it ended, None while it is open.
    """

    id: int
    workspace_id: int
    kind: JobKind
    since: datetime
    until: datetime
    state: JobState
    place: Mapping[str, Any]
    counts: Mapping[str, int]
    error: str
    requested_by: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Whether something is still to be done."""
        return self.state in OPEN

    @property
    def progress(self) -> float:
        """Which part of it is done, 0 to 1."""
        return 1.0 if self.state is JobState.DONE else min(1.0, max(0.0, float(self.place.get("progress", 0.0))))


class Worker(Protocol):
    """Does the jobs of one kind."""

    def work(self, job: Job, guard: Guard) -> None:
        """Do one piece, no longer than about half a second.

        In one transaction: `guard(connection)`, the piece's changes, then `IntakeJobs.advance` or `IntakeJobs.finish`.
        """
        ...


class IntakeJobs:
    """The table of jobs.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def request(
        self,
        connection: sa.Connection,
        workspace_id: int,
        kind: JobKind,
        since: datetime,
        until: datetime,
        requested_by: str,
        *,
        place: Mapping[str, Any] | None = None,
    ) -> int:
        """Add a job, inside the caller's transaction, and return its number; `place` is where its worker begins."""
        values: dict[str, Any] = {
            "workspace_id": workspace_id,
            "kind": kind.value,
            "since": since,
            "until": until,
            "state": JobState.WAITING.value,
        }
        values |= {"place": dict(place or {}), "counts": {}, "error": "", "requested_by": requested_by, "created_at": self._clock.now()}
        return int(connection.execute(sa.insert(intake_jobs).values(**values).returning(intake_jobs.c.id)).scalar_one())

    def next(self) -> Job | None:
        """Return the job to work on: the oldest that is open, None if there is none."""
        wanted = sa.select(intake_jobs).where(intake_jobs.c.state.in_(OPEN)).order_by(intake_jobs.c.id).limit(1)
        with self._db.read() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _job(row)

    def is_open(self, connection: sa.Connection, workspace_id: int, kind: JobKind) -> bool:
        """Return whether a workspace has a job of a kind that is not done."""
        column = intake_jobs.c
        wanted = sa.select(column.id).where(column.workspace_id == workspace_id, column.kind == kind.value, column.state.in_(OPEN))
        return connection.execute(wanted.limit(1)).first() is not None

    def get(self, workspace_id: int, job_id: int) -> Job:
        """Return a job of a workspace.

        Raises:
            NotFound: If there is none.
        """
        column = intake_jobs.c
        with self._db.read() as connection:
            row = connection.execute(sa.select(intake_jobs).where(column.id == job_id, column.workspace_id == workspace_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no job {job_id}.", hint="Look at the list of jobs.")
        return _job(row)

    def of(self, workspace_id: int, limit: int = 50) -> list[Job]:
        """Return a workspace's jobs, newest first."""
        wanted = sa.select(intake_jobs).where(intake_jobs.c.workspace_id == workspace_id).order_by(intake_jobs.c.id.desc())
        with self._db.read() as connection:
            rows: Sequence[Any] = connection.execute(wanted.limit(limit)).all()
        return [_job(row) for row in rows]

    def advance(self, connection: sa.Connection, job: Job, place: Mapping[str, Any], counts: Mapping[str, int]) -> Job:
        """Note how far a job is, inside the transaction of the piece; return it as it stands then.

        Raises:
            Conflict: If it was cancelled meanwhile; the piece must not be recorded.
        """
        self._move(connection, job, state=JobState.RUNNING.value, place=dict(place), counts=dict(counts))
        return replace(job, state=JobState.RUNNING, place=dict(place), counts=dict(counts))

    def finish(self, connection: sa.Connection, job: Job, counts: Mapping[str, int]) -> None:
        """Note that a job is done, inside the transaction of its last piece.

        Raises:
            Conflict: If it was cancelled meanwhile; the piece must not be recorded.
        """
        self._move(connection, job, state=JobState.DONE.value, counts=dict(counts), finished_at=self._clock.now())

    def fail(self, connection: sa.Connection, job: Job, error: str) -> None:
        """Note that a job can't go on and why; what it did until then stays.

        Raises:
            Conflict: If it was cancelled meanwhile.
        """
        self._move(connection, job, state=JobState.FAILED.value, error=error, finished_at=self._clock.now())

    def cancel(self, connection: sa.Connection, workspace_id: int, job_id: int) -> None:
        """End a job before it is done; what it did until then stays.

        Raises:
            NotFound: If the workspace has no open job of this number.
        """
        column = intake_jobs.c
        open_one = sa.update(intake_jobs).where(column.id == job_id, column.workspace_id == workspace_id, column.state.in_(OPEN))
        ended = connection.execute(open_one.values(state=JobState.CANCELLED.value, finished_at=self._clock.now())).rowcount
        if ended != 1:
            raise NotFound(f"There is no job {job_id} to stop.", hint="It may have ended meanwhile.")

    def _move(self, connection: sa.Connection, job: Job, **values: Any) -> None:
        open_one = sa.update(intake_jobs).where(intake_jobs.c.id == job.id, intake_jobs.c.state.in_(OPEN))
        if connection.execute(open_one.values(**values)).rowcount != 1:
            raise Conflict("This job was stopped meanwhile.", hint="What it did until then stays.")


class JobChore:
    """The ingester's chore that does the jobs, oldest first, a piece at a time.

    Args:
        db: The database.
        jobs: The table of jobs.
        workers: Who does which kind.
    """

    def __init__(self, db: Database, jobs: IntakeJobs, workers: Mapping[JobKind, Worker]) -> None:
        self._db, self._jobs, self._workers = db, jobs, workers

    def run(self, guard: Guard) -> None:
        """Do a piece of the oldest open job; one that can't go on is ended, so that those behind it get their turn."""
        job = self._jobs.next()
        if job is None:
            return
        try:
            self._workers[job.kind].work(job, guard)
        except (Conflict, StorageFull, Unavailable) as error:  # passes by itself: the piece is tried again in the next round
            _log.info("a piece of job %d waits: %s", job.id, error)
        except Exception:
            number = random_name(8)
            _log.exception("job %d ended with error %s", job.id, number)
            with self._db.transaction() as connection:
                guard(connection)
                self._jobs.fail(connection, job, f"Something went wrong on our side; the log says more under {number}.")


def _job(row: Any) -> Job:
    known = dict(row._mapping)
    return Job(**known | {"kind": JobKind(known["kind"]), "state": JobState(known["state"])})
