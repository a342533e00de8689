"""Judging history again by today's rules, file by file, through the same code as settling.

A file's rows are judged beside whatever other files hold of the same messages. Its successor, and how far the job is, are one
transaction, so a killed process leaves each file as it was or done.
"""

from __future__ import annotations

import time
from collections import Counter

import pyarrow.compute as pc
import pyarrow.parquet as pq
import sqlalchemy as sa

from core.clock import Clock
from core.events.chores import Guard
from core.events.datacentres import Datacentres, shipped
from core.events.jobs import IntakeJobs, Job
from core.events.patterns import REACH
from core.events.reviewing import COLUMNS, Rewriting, Row, count, count_links, review, rewrite, rows_of
from core.events.settling import commit
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_schema import EVENT_SCHEMA
from core.storage.event_words import EventClass
from core.storage.lake import Dataset, Lake, LakeFile
from core.storage.tables import lake_files

DRY_RUN = "dry_run"
_SECONDS = 0.25
_MARGIN = 2 * REACH
_JUDGED = "kind in ('opened', 'clicked') and occurred_at >= $since and occurred_at < $until"
_ROWS = f"""
    with due as (select distinct message_id, visitor, campaign_id from here where {_JUDGED})
    select {COLUMNS}, true as is_target from here where {_JUDGED}
    union all
    select {COLUMNS}, false as is_target from events
    where kind in ('opened', 'clicked') and event_id not in (select event_id from here where {_JUDGED}) and (
        message_id in (select message_id from due where message_id is not null)
        or (message_id is null and (visitor, campaign_id) in (select (visitor, campaign_id) from due where message_id is null))
    )
"""


class Rejudging:
    """Does the jobs of kind `reclassify`.

    Args:
        db: The database.
        clock: The time.
        jobs: Where it is noted how far a job is.
        lake: Where events are kept.
        engine: Reads them.
        datacentres: Their networks, if not those that come with Postwright.
    """

    def __init__(
        self, db: Database, clock: Clock, jobs: IntakeJobs, lake: Lake, engine: AnalyticsEngine, datacentres: Datacentres | None = None
    ) -> None:
        self._db, self._clock, self._jobs, self._lake, self._engine = db, clock, jobs, lake, engine
        self._datacentres = datacentres or shipped()

    def work(self, job: Job, guard: Guard) -> None:
        """Do files of a job for a moment, each in a transaction of its own."""
        began = time.monotonic()
        going: Job | None = job
        while going is not None and time.monotonic() < began + _SECONDS:
            going = self._piece(going, guard)

    def _piece(self, job: Job, guard: Guard) -> Job | None:
        """Do one file and return the job as it stands then, None if there was none left."""
        done = int(job.place.get("file", 0))
        with self._db.read() as connection:
            files = self._lake.files(connection, job.workspace_id, Dataset.EVENTS, since=job.since, until=job.until)
        engaged = [file for file in files if file.event_class == EventClass.ENGAGED.value]
        made = list(job.place.get("made", ()))
        left = [file for file in engaged if file.id > done and file.id not in made]
        if not left:
            with self._db.transaction() as connection:
                guard(connection)
                self._jobs.finish(connection, job, job.counts)
            return None
        file = left[0]
        rows = self._rows(job, file)
        with self._db.read() as connection:
            links_of = count_links(connection, {row.campaign_id for row in rows if row.campaign_id is not None})
        rulings = review(rows, links_of, is_datacentre=self._datacentres.holds, gather_anew=True)
        is_dry = bool(job.place.get(DRY_RUN))
        rewriting = Rewriting() if is_dry else rewrite(self._lake, job.workspace_id, [file], rulings)
        counts = Counter(job.counts) + count(rulings) + Counter({"judged": sum(row.is_target for row in rows)})
        place = {**job.place, "file": file.id, "progress": 1 - (len(left) - 1) / max(1, len(engaged))}
        with self._db.transaction() as connection:
            guard(connection)
            if not is_dry:
                commit(connection, self._lake, job.workspace_id, rewriting, rulings, self._clock.now())
                place["made"] = [one for one in made if one > file.id] + self._numbers(connection, rewriting)
            return self._jobs.advance(connection, job, place, counts)

    def _numbers(self, connection: sa.Connection, rewriting: Rewriting) -> list[int]:
        paths = [file.values["path"] for file in rewriting.staged]
        return list(connection.execute(sa.select(lake_files.c.id).where(lake_files.c.path.in_(paths))).scalars())

    def _rows(self, job: Job, file: LakeFile) -> list[Row]:
        """Return the file's opens and clicks, and whatever other files hold of the same messages about that time."""
        span = pc.min_max(pq.ParquetFile(file.path).read(["occurred_at"])["occurred_at"])
        since, until = max(job.since, span["min"].as_py()), min(job.until, span["max"].as_py())
        values = {"since": job.since, "until": job.until}
        with self._engine.session(job.workspace_id, since=since - _MARGIN, until=until + _MARGIN) as session:
            session.add_files("here", [str(file.path)], EVENT_SCHEMA)
            return list(rows_of(session.table(_ROWS, values)))
