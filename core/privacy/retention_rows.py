"""Old rows of the database: what messages say beside that they were sent, words of single emails, refused rows of imports."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.contacts.tables import imports
from core.messages.states import OPEN_STATES
from core.messages.tables import messages, requests
from core.privacy.retention import Taker
from core.storage.blobs import Blobs
from core.storage.database import Database, among

_AT_A_TIME = 5_000
_OPEN = [state.value for state in OPEN_STATES]
_m, _r, _i = messages.c, requests.c, imports.c


class MessageDetails(Taker):
    """What providers said about messages, and their numbers of them. Who got what stays: nothing may be sent twice.

    Args:
        db: The database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how many messages that are."""
        with self._db.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(messages).where(self._old(workspace_id, before))).scalar_one()

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Empty some."""
        some = sa.select(_m.id).where(self._old(workspace_id, before)).limit(_AT_A_TIME)
        with self._db.read() as connection:
            ids = connection.execute(some).scalars().all()
        if not ids:
            return None
        with self._db.transaction() as connection:
            these = sa.update(messages).where(_m.id.in_(among(connection, ids)), _m.state.not_in(_OPEN))
            connection.execute(these.values(reason="", provider_message_id=None))
        return len(ids)

    def _old(self, workspace_id: int, before: datetime) -> sa.ColumnElement[bool]:
        told = sa.or_(_m.reason != "", _m.provider_message_id.is_not(None))
        return sa.and_(_m.workspace_id == workspace_id, _m.state.not_in(_OPEN), _m.queued_at < before, told)


class SingleEmails(Taker):
    """What single emails said; what became of them stays.

    Args:
        db: The database.
    """

    def __init__(self, db: Database) -> None:
        self._db = db

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how many emails that are."""
        old = self._old(workspace_id, before).subquery()
        with self._db.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(old)).scalar_one()

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Empty some, as the worker does with those of a month ago."""
        with self._db.read() as connection:
            ids = connection.execute(self._old(workspace_id, before).limit(_AT_A_TIME)).scalars().all()
        if not ids:
            return None
        empty = {"content": "", "recipient": "", "connection_id": None, "request_key": None}
        with self._db.transaction() as connection:
            connection.execute(sa.update(requests).where(_r.message_id.in_(among(connection, ids))).values(**empty))
        return len(ids)

    def _old(self, workspace_id: int, before: datetime) -> sa.Select[int]:
        kept = sa.select(_r.message_id).join(messages, _m.id == _r.message_id)
        return kept.where(_r.workspace_id == workspace_id, _r.content != "", _m.state.not_in(_OPEN), _r.created_at < before)


class ImportRefusals(Taker):
    """Files of refused rows.

    Args:
        db: The database.
        blobs: Where they are.
    """

    def __init__(self, db: Database, blobs: Blobs) -> None:
        self._db, self._blobs = db, blobs

    def count(self, workspace_id: int, before: datetime) -> int:
        """Return how many imports have one."""
        with self._db.read() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(imports).where(self._old(workspace_id, before))).scalar_one()

    def take(self, workspace_id: int, before: datetime) -> int | None:
        """Delete one."""
        with self._db.read() as connection:
            found = sa.select(_i.id, _i.refused_blob).where(self._old(workspace_id, before)).order_by(_i.id).limit(1)
            row = connection.execute(found).one_or_none()
        if row is None:
            return None
        mine = (_i.workspace_id == workspace_id, _i.refused_blob == row.refused_blob)
        with self._db.transaction() as connection:
            connection.execute(sa.update(imports).where(_i.id == row.id).values(refused_blob=None))
            is_needed = connection.execute(sa.select(_i.id).where(*mine).limit(1)).first() is not None
        if not is_needed:  # the same file imported again has the same refused rows
            self._blobs.delete(workspace_id, row.refused_blob)
        return 1

    def _old(self, workspace_id: int, before: datetime) -> sa.ColumnElement[bool]:
        return sa.and_(_i.workspace_id == workspace_id, _i.refused_blob.is_not(None), _i.created_at < before)
