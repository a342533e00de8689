"""Carrying out the rules: each at most once a day, in pieces, going on where a killed worker ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict
from core.permissions import Principal
from core.privacy.retention import DataKind, Run, Taker, days_of, latest_run
from core.privacy.tables import retention_rules, retention_runs
from core.storage.database import Database

_SECONDS = 2.0
_c = retention_runs.c


class RetentionWork:
    """Carries out the rules of all workspaces.

    Args:
        db: The database.
        clock: The time.
        takers: What each kind is about, by kind.
    """

    def __init__(self, db: Database, clock: Clock, takers: Mapping[DataKind, Taker]) -> None:
        self._db, self._clock, self._takers = db, clock, takers

    def step(self) -> int:
        """Work for about two seconds and return how much was taken."""
        end, taken = time.monotonic() + _SECONDS, 0
        with self._db.read() as connection:
            ids = connection.execute(sa.select(retention_rules.c.workspace_id).distinct()).scalars().all()
            due = [(number, kind, days) for number in ids for kind, days in days_of(connection, number).items()]
        for workspace_id, kind, days in due:
            while time.monotonic() < end and (count := self._piece(workspace_id, kind, days)) is not None:
                taken += count
        return taken

    def _piece(self, workspace_id: int, kind: DataKind, days: int) -> int | None:
        """Do a piece of a rule and return how much it took; None where it is done for today."""
        now = self._clock.now()
        with self._db.read() as connection:
            run = latest_run(connection, workspace_id, kind)
        if run is not None and run.finished_at is not None:
            if run.created_at.date() >= now.date():
                return None
            run = None
        if run is None:
            run = Run(kind, now - timedelta(days=days), 0, now, None)
            row = {"workspace_id": workspace_id, "kind": kind.value, "older_than": run.older_than, "count": 0, "created_at": now}
            with self._db.transaction() as connection:
                connection.execute(sa.insert(retention_runs).values(**row))
        try:
            taken = self._takers[kind].take(workspace_id, run.older_than)
        except Conflict:  # somebody else rewrote the same file: it is done again
            return 0
        self._note(workspace_id, run, taken)
        return taken

    def _note(self, workspace_id: int, run: Run, taken: int | None) -> None:
        this = (_c.workspace_id == workspace_id, _c.kind == run.kind.value, _c.finished_at.is_(None))
        with self._db.transaction() as connection:
            if taken is not None:
                connection.execute(sa.update(retention_runs).where(*this).values(count=_c.count + taken))
                return
            now = self._clock.now()
            connection.execute(sa.update(retention_runs).where(*this).values(finished_at=now))
            if run.count:  # a day on which nothing was too old is no news
                by, told = Principal.system(workspace_id, "worker"), {"rows": run.count, "older_than": run.older_than.isoformat()}
                record(connection, now, by, AuditAction.RETENTION_APPLIED, f"retention:{run.kind.value}", after=told)
