"""By which connection a single message may leave: by any of its route while it surely has not left, by one alone once it may have."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.messages.leasing import release_expired_of
from core.messages.states import MessageState
from core.messages.tables import messages, requests
from core.storage.database import Database, among

# Resend forgets a key after 24 hours, and nobody else says that it knows one for a shorter time: half of that bears a clock that is
# wrong and an answer that comes late. What may have left before that is not asked for again.
KEY_HOLDS = timedelta(hours=12)
# What may only leave by a connection that can't send now looks again after this long.
LOOKS_AGAIN = timedelta(minutes=1)
TOO_LATE = "it may have left, and the provider may have forgotten its key by now"

_m, _r = messages.c, requests.c


def waiting_for(connection_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that a single message leaves by a connection, or waits for it."""
    return sa.and_(_m.campaign_id.is_(None), _m.connection_id == connection_id)


def release_abandoned(connection: sa.Connection, connection_id: int, now: datetime, *, knows_keys: bool) -> None:
    """Let what a dead sender had under way be sent again where the provider knows a key again; by this connection, and by no other.

    Args:
        connection: A transaction.
        connection_id: By which they were leaving.
        now: The time.
        knows_keys: Whether its provider delivers the same key once.
    """
    mine = waiting_for(connection_id)
    if not knows_keys:
        release_expired_of(connection, mine, now, ())
        return
    release_expired_of(connection, sa.and_(mine, _m.lease_until <= now - KEY_HOLDS), now, ())
    under_way = sa.and_(mine, _m.state == MessageState.SENDING.value, _m.lease_until <= now)
    left_at = sa.select(_m.lease_until).where(_m.id == _r.message_id).scalar_subquery()
    ids = list(connection.execute(sa.select(_m.id).where(under_way)).scalars())
    _keep(connection, connection_id, ids, left_at)
    release_expired_of(connection, mine, now, {connection_id})


def keep_with(db: Database, connection_id: int, ids: Collection[int], now: datetime) -> None:
    """Put on record that messages may have left by a connection: if they are sent again, then by this one."""
    if ids:
        with db.transaction() as connection:
            _keep(connection, connection_id, ids, now)


def hand_back(db: Database, connection_id: int, ids: Collection[int]) -> None:
    """Let messages that surely did not leave by the connection that stood in wait for their own again."""
    if ids:
        waits = _m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value])
        with db.transaction() as connection:
            mine = sa.and_(_m.id.in_(among(connection, ids)), _m.campaign_id.is_(None), waits)
            connection.execute(sa.update(messages).where(mine).values(connection_id=connection_id))


def _keep(connection: sa.Connection, connection_id: int, ids: Collection[int], left_at: Any) -> None:
    """The first time counts: that is when the provider began to forget. The connection can't be removed meanwhile."""
    if ids:
        kept = sa.update(requests).where(_r.message_id.in_(among(connection, ids)))
        connection.execute(kept.values(left_at=sa.func.coalesce(_r.left_at, left_at), connection_id=connection_id))
