"""Contacts who never said yes, and those who got email for long and never opened any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.changes import next_change
from core.contacts.consent.consent import ConsentStatus
from core.contacts.deleting import remove_in
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import consent_records, contacts
from core.privacy.retention import Taker
from core.storage.database import Database, among, chunked
from core.storage.engine import AnalyticsEngine
from core.storage.tables import workspaces

_AT_A_TIME = 1_000
_LOOKED_AT = 10_000
_c = contacts.c
_KEPT_FOR = timedelta(minutes=10)
# Whoever was written to throughout that time, in its first quarter and three times in all, and did nothing: one mail of yesterday
# says nothing about a year. What a machine opened counts as if they had: nobody can tell.
_SILENT = """
    select contact_id from events where kind = 'sent' and occurred_at >= $since and contact_id is not null
    group by contact_id having count(*) >= 3 and min(occurred_at) <= $early
    except
    select contact_id from events
    where kind in ('opened', 'clicked', 'converted', 'replied', 'subscribed', 'page_viewed', 'custom') and occurred_at >= $since
        and contact_id is not null
    order by 1
"""


class _Deleting(Taker):
    """Deletes contacts as one would by hand.

    Args:
        db: The database.
        suppressions: Keeps to a no of those who said it.
    """

    def __init__(self, db: Database, suppressions: Suppressions) -> None:
        self._db, self._suppressions = db, suppressions

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how many contacts that are."""
        return sum(len(ids) for ids in self._found(workspace_id, before))

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Delete some."""
        ids = next(self._found(workspace_id, before), ())
        if not ids:
            return None
        for chunk in chunked(ids, _AT_A_TIME):
            self._delete(workspace_id, chunk)
        return len(ids)

    def _found(self, workspace_id: int, before: datetime) -> Iterator[Sequence[int]]:
        """Yield the contacts in question, some at a time, never none."""
        raise NotImplementedError

    def _delete(self, workspace_id: int, ids: Sequence[int]) -> None:
        with self._db.transaction() as connection:
            change = next_change(connection, workspace_id)
            remove_in(connection, self._suppressions, workspace_id, change, ids)


class Unconfirmed(_Deleting):
    """Who was asked whether they want to be written to, and did not answer."""

    def _found(self, workspace_id: int, before: datetime) -> Iterator[Sequence[int]]:
        mine = (_c.workspace_id == workspace_id, _c.consent == ConsentStatus.PENDING.value, _c.updated_at < before)
        after = 0
        while True:
            with self._db.read() as connection:
                ids = connection.execute(sa.select(_c.id).where(*mine, _c.id > after).order_by(_c.id).limit(_AT_A_TIME)).scalars().all()
            if not ids:
                return
            yield ids
            after = ids[-1]


class Inactive(_Deleting):
    """Who got email throughout that time, and did nothing with it; nobody where a workspace does not note who opens what.

    Throughout: at least once in its first quarter, and three times in all.

    Args:
        db: The database.
        suppressions: Keeps to a no of those who said it.
        engine: Reads the lake.
        clock: The time.
    """

    def __init__(self, db: Database, suppressions: Suppressions, engine: AnalyticsEngine, clock: Clock) -> None:
        super().__init__(db, suppressions)
        self._engine, self._clock = engine, clock
        self._left: dict[int, tuple[datetime, datetime, list[int]]] = {}

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Delete some; the lake is read once for all pieces, and again after ten minutes, for they may have opened something since."""
        now = self._clock.now()
        of, read_at, left = self._left.get(workspace_id, (None, now, []))
        if of != before or now - read_at > _KEPT_FOR:
            left = [each for batch in self._silent(workspace_id, before) for each in batch]
            self._left[workspace_id] = (before, now, left)
        while left:
            with self._db.read() as connection:
                ids = connection.execute(self._old(connection, workspace_id, left[:_AT_A_TIME], before)).scalars().all()
            if ids:
                self._delete(workspace_id, ids)
            del left[:_AT_A_TIME]
            if ids:
                return len(ids)
        del self._left[workspace_id]
        return None

    def _found(self, workspace_id: int, before: datetime) -> Iterator[Sequence[int]]:
        for batch in self._silent(workspace_id, before):
            with self._db.read() as connection:
                for chunk in chunked(batch, _AT_A_TIME):
                    if ids := connection.execute(self._old(connection, workspace_id, chunk, before)).scalars().all():
                        yield ids

    def _silent(self, workspace_id: int, before: datetime) -> Iterator[list[int]]:
        with self._db.read() as connection:
            tracks = connection.execute(sa.select(workspaces.c.tracks_people).where(workspaces.c.id == workspace_id)).scalar()
        if not tracks:
            return
        early = before + (self._clock.now() - before) / 4
        with self._engine.session(workspace_id, since=before) as session:
            for batch in session.batches(_SILENT, {"since": before, "early": early}, _LOOKED_AT):
                yield batch.column(0).to_pylist()

    def _old(self, connection: sa.Connection, workspace_id: int, ids: Sequence[int], before: datetime) -> sa.Select[int]:
        """Return those who were there before that time, and about whose consent nothing was heard since."""
        record = consent_records.c
        heard = sa.exists().where(record.contact_id == _c.id, record.occurred_at >= before)
        mine = (_c.workspace_id == workspace_id, _c.id.in_(among(connection, ids)), _c.created_at < before, ~heard)
        return sa.select(_c.id).where(*mine).order_by(_c.id)
