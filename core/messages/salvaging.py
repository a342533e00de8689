"""What a dead sender had under way is settled by its flight record: a late answer, told by somebody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.messages.flights import Errand, LeftBehind, Reached
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

_m = messages.c


def salvage(connection: sa.Connection, left: LeftBehind, now: datetime) -> int:
    """Settle, inside the caller's transaction, what a record tells; return how many messages that were.

    What had not left waits again, at once, and so does what was only claimed. What was handed over and not answered stays as it is:
    it becomes uncertain with the end of its lease, or is sent again where a provider delivers the same key once.
    """
    ids = among(connection, sorted(left.reached))
    # Uncertain ones, too: the lease may have ended before the sender did, or before anybody looked.
    open_states = (MessageState.SENDING.value, MessageState.UNCERTAIN.value)
    ours = sa.and_(_m.id.in_(ids), _m.lease_owner == left.owner, _m.state.in_(open_states))
    found = connection.execute(sa.select(_m.id, _m.attempts).where(ours).order_by(_m.id).with_for_update()).all()
    waiting = [message_id for message_id, _ in found if left.reached[message_id] is Reached.WAITING]
    known = [
        (Claimed(message_id, 0, None, attempts), SendResult(message_id, *_KNOWN[left.reached[message_id]]))
        for message_id, attempts in found
        if left.reached[message_id] in _KNOWN
    ]
    settle(connection, left.owner, known, now)
    back = move(connection, sa.and_(ours, _m.id.in_(among(connection, waiting))), _AGAIN) if waiting else set()
    claimed = sa.and_(_of(left.errand), _m.state == MessageState.CLAIMED.value, _m.lease_owner == left.owner)
    return len(known) + len(back) + len(move(connection, claimed, _AGAIN))


def _of(errand: Errand) -> sa.ColumnElement[bool]:
    if errand.campaign_id is None:
        return sa.and_(_m.campaign_id.is_(None), _m.connection_id == errand.connection_id)
    return sa.and_(_m.workspace_id == errand.workspace_id, _m.campaign_id == errand.campaign_id)
