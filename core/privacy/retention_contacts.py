"""Contacts who never said yes, and those who got email for long and never opened any."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import sqlalchemy as sa

from core.contacts.changes import next_change
from core.contacts.consent import ConsentStatus
from core.contacts.deleting import remove_in
from core.contacts.suppression import Suppressions
from core.contacts.tables import consent_records, contacts
from core.privacy.retention import Taker
from core.storage.database import Database, among, chunked
from core.storage.engine import AnalyticsEngine
from core.storage.tables import workspaces

_AT_A_TIME = 1_000
_LOOKED_AT = 10_000
_c = contacts.c
# Whoever got something in that time and did nothing at all. What a machine opened counts as if they had: nobody can tell.
_SILENT = """
    select contact_id from events where kind = 'sent' and occurred_at >= $since and contact_id is not null
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
    """Who got email in that time, and did nothing with it; nobody where a workspace does not note who opens what.

    Args:
        db: The database.
        suppressions: Keeps to a no of those who said it.
        engine: Reads the lake.
    """

    def __init__(self, db: Database, suppressions: Suppressions, engine: AnalyticsEngine) -> None:
        super().__init__(db, suppressions)
        self._engine = engine

    def _found(self, workspace_id: int, before: datetime) -> Iterator[Sequence[int]]:
        with self._db.read() as connection:
            tracks = connection.execute(sa.select(workspaces.c.tracks_people).where(workspaces.c.id == workspace_id)).scalar()
        if not tracks:
            return
        with self._engine.session(workspace_id, since=before) as session:
            for batch in session.batches(_SILENT, {"since": before}, _LOOKED_AT):
                with self._db.read() as connection:
                    for chunk in chunked(batch.column(0).to_pylist(), _AT_A_TIME):
                        if ids := connection.execute(self._old(connection, workspace_id, chunk, before)).scalars().all():
                            yield ids

    def _old(self, connection: sa.Connection, workspace_id: int, ids: Sequence[int], before: datetime) -> sa.Select[int]:
        """Return those who were there before that time, and about whose consent nothing was heard since."""
        record = consent_records.c
        heard = sa.exists().where(record.contact_id == _c.id, record.occurred_at >= before)
        mine = (_c.workspace_id == workspace_id, _c.id.in_(among(connection, ids)), _c.created_at < before, ~heard)
        return sa.select(_c.id).where(*mine).order_by(_c.id)
