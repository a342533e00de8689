"""What a dead sender had under way is settled by its flight record: a late answer, told by somebody else."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.messages.flight_files import Errand, LeftBehind, Reached
from core.messages.leasing import move
from core.messages.rows import Claimed
from core.messages.settling import NO_LEASE, settle
from core.messages.states import MessageState
from core.messages.tables import messages
from core.providers.base import Outcome, SendResult
from core.storage.database import among

_KNOWN = {
    Reached.ACCEPTED: (Outcome.ACCEPTED, ""),
    Reached.NOT_TAKEN: (Outcome.RETRY, "the provider did not take it, and its sender stopped before it could say why"),
    Reached.REFUSED: (Outcome.REFUSED, "the provider refused it, and its sender stopped before it could say why"),
}
_AGAIN: dict[str, Any] = {"state": MessageState.QUEUED.value, "reason": "", **NO_LEASE}
# Uncertain ones, too: the lease may have ended before the sender did, or before anybody looked.
_UNDER_WAY = (MessageState.SENDING.value, MessageState.UNCERTAIN.value)

_m = messages.c


def salvage(connection: sa.Connection, left: LeftBehind, now: datetime) -> int:
    """Settle, inside the caller's transaction, what a record tells; return how many messages that were.

    What had not left waits again, at once, and so does what was only claimed. What was handed over and not answered stays as it is:
    it becomes uncertain with the end of its lease, or is sent again where a provider delivers the same key once.
    """
    ours = sa.and_(_m.id.in_(among(connection, sorted(left.reached))), _m.lease_owner == left.owner, _m.state.in_(_UNDER_WAY))
    found = connection.execute(sa.select(_m.id, _m.attempts).where(ours).order_by(_m.id).with_for_update()).all()
    by_reached: dict[Reached, dict[int, int]] = {reached: {} for reached in Reached}
    for message_id, attempts in found:
        by_reached[left.reached[message_id]][message_id] = attempts
    known = [
        (Claimed(message_id, 0, None, attempts, message_id in left.bound), SendResult(message_id, *answer))
        for reached, answer in _KNOWN.items()
        for message_id, attempts in by_reached[reached].items()
    ]
    settle(connection, left.owner, known, now)
    back = by_reached[Reached.WAITING]
    _queue_again(connection, left, back.keys())
    _hand_back(connection, left.errand, by_reached[Reached.NOT_TAKEN].keys() | back.keys())
    claimed = sa.and_(_of(left.errand), _m.state == MessageState.CLAIMED.value, _m.lease_owner == left.owner)
    return len(known) + len(back) + len(move(connection, claimed, _AGAIN))


def _queue_again(connection: sa.Connection, left: LeftBehind, ids: Set[int]) -> None:
    """Let messages wait; those that have never left may leave by any connection."""
    for which, values in ((ids & left.bound, _AGAIN), (ids - left.bound, _AGAIN | {"connection_id": None})):
        if which:
            connection.execute(sa.update(messages).where(_m.id.in_(among(connection, sorted(which)))).values(**values))


def _hand_back(connection: sa.Connection, errand: Errand, ids: Set[int]) -> None:
    """Let single messages wait for their own connection, where another stood in for it."""
    if errand.campaign_id is None and ids:
        waits = _m.state.in_([MessageState.QUEUED.value, MessageState.RETRY.value])
        mine = sa.and_(_m.id.in_(among(connection, sorted(ids))), _m.campaign_id.is_(None), waits)
        connection.execute(sa.update(messages).where(mine).values(connection_id=errand.connection_id))


def _of(errand: Errand) -> sa.ColumnElement[bool]:
    if errand.campaign_id is None:
        return sa.and_(_m.campaign_id.is_(None), _m.connection_id == errand.connection_id)
    return sa.and_(_m.workspace_id == errand.workspace_id, _m.campaign_id == errand.campaign_id)
