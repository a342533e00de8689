"""Claims and leases: who may send a message, for how long, and what happens when that time is over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from core.messages.rows import Claimed, Released
from core.messages.settling import NO_LEASE
from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import among, chunked

LEASE = timedelta(seconds=60)
_IN_LIST = 10_000

_m = messages.c


def claim_of(connection: sa.Connection, mine: sa.ColumnElement[bool], owner: str, now: datetime, limit: int) -> list[Claimed]:
    """Claim, inside the caller's transaction, what waits or is due among `mine`: retries first, then what was put off, then the rest."""
    due, queued = _m.due_at <= now, sa.and_(mine, _m.state == MessageState.QUEUED.value)
    claimed: list[Claimed] = []
    # Three statements, because each can walk the index (campaign, state, due); one with OR would sort all that wait.
    for which in (sa.and_(mine, _m.state == MessageState.RETRY.value, due), sa.and_(queued, due), sa.and_(queued, _m.due_at.is_(None))):
        claimed += _claim(connection, which, owner, now, limit - len(claimed))
    return claimed


def release_expired_of(
    connection: sa.Connection, mine: sa.ColumnElement[bool], now: datetime, sent_twice_is_once: Collection[int]
) -> Released:
    """Settle, inside the caller's transaction, those of `mine` whose lease is over.

    What waits again although it may have left keeps its connection: it is bound to it.
    """
    expired = sa.and_(mine, _m.lease_until <= now)
    sending = sa.and_(expired, _m.state == MessageState.SENDING.value)
    again = {"state": MessageState.QUEUED.value, **NO_LEASE}
    # The owner stays on the row: if it only was slow, its answer still settles the message.
    unknown = {"state": MessageState.UNCERTAIN.value, "reason": "the sender stopped before the answer came", "lease_until": None}
    back = len(move(connection, sa.and_(expired, _m.state == MessageState.CLAIMED.value), again))
    if sent_twice_is_once:
        back += len(move(connection, sa.and_(sending, _m.connection_id.in_(sorted(sent_twice_is_once))), again))
    return Released(back, len(move(connection, sending, unknown)))


def _claim(connection: sa.Connection, which: sa.ColumnElement[bool], owner: str, now: datetime, limit: int) -> list[Claimed]:
    if limit <= 0:
        return []
    # Select, then update by key: one UPDATE with a sub-select reads the whole table on SQLite, and on PostgreSQL it may run
    # the sub-select again and claim more than the limit. The locks (SQLite: the transaction itself) keep others out.
    chosen = sa.select(_m.id, sa.func.coalesce(_m.contact_id, 0), _m.variant_id, _m.attempts, _m.connection_id.isnot(None))
    wanted = chosen.where(which).limit(limit)
    rows = connection.execute(wanted.with_for_update(skip_locked=True)).all()
    claimed = [Claimed(*row) for row in sorted(rows, key=itemgetter(0))]
    if claimed:
        lease = {"state": MessageState.CLAIMED.value, "reason": "", "due_at": None, "lease_owner": owner, "lease_until": now + LEASE}
        ids = among(connection, [each.message_id for each in claimed])
        connection.execute(sa.update(messages).where(_m.id.in_(ids)).values(**lease))
    return claimed


def may_leave_by(connection_id: int) -> sa.ColumnElement[bool]:
    """Return the condition that what waits is not bound to another connection.

    A single message names the connection it waits for; what may have left is bound where its content is kept.
    """
    return sa.or_(_m.connection_id.is_(None), _m.connection_id == connection_id, _m.campaign_id.is_(None))


def claimed_by(connection: sa.Connection, owner: str, ids: Collection[int]) -> sa.ColumnElement[bool]:
    """Return the condition that messages are claimed by this owner and have not left."""
    return sa.and_(_m.id.in_(among(connection, ids)), _m.lease_owner == owner, _m.state == MessageState.CLAIMED.value)


def move(connection: sa.Connection, which: sa.ColumnElement[bool], values: Mapping[str, Any]) -> set[int]:
    """Change rows and return their ids; they are locked in the order of ids first, so that nobody waits in a circle."""
    ids = list(connection.execute(sa.select(_m.id).where(which).order_by(_m.id).with_for_update()).scalars())
    for chunk in chunked(ids, _IN_LIST):
        connection.execute(sa.update(messages).where(_m.id.in_(among(connection, chunk))).values(**values))
    return set(ids)
