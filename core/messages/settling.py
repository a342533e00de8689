"""Writing down what became of messages, however many at once: those with the same outcome in one statement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.messages.rows import Claimed
from core.messages.states import MessageState
from core.messages.tables import messages
from core.providers.base import Outcome, SendResult, Trouble
from core.storage.database import among, lock_rows

# Waits grow from a minute to an hour. A server that is full or looks twice at strangers may say "later" for a day, and RFC 5321
# (4.5.4.1) asks for patience of days: so many attempts are about three.
FIRST_BACK_OFF, LONGEST_BACK_OFF = timedelta(minutes=1), timedelta(hours=1)
MAX_ATTEMPTS = 76
REASON_LENGTH = 500
# Fewer messages than this with the same outcome are written row by row: a statement each would cost more.
_TOGETHER = 8

_FOR_A_PERSON = (Trouble.SIGN_IN, Trouble.SENDER)

_m = messages.c
NO_LEASE: dict[str, Any] = {"lease_owner": None, "lease_until": None}


@dataclass(frozen=True, slots=True)
class _Settled:
    """What is written into a row; the same for many."""

    state: MessageState
    reason: str
    tried: int
    due: datetime | None
    provider_id: str | None


def settle(connection: sa.Connection, owner: str, outcomes: Sequence[tuple[Claimed, SendResult]], now: datetime) -> None:
    """Write outcomes of messages that are on their way, or were declared uncertain meanwhile; what is settled already stays.

    Args:
        connection: A transaction.
        owner: Who claimed them; rows somebody else has taken since are left alone.
        outcomes: Each message with what became of it.
        now: The time.
    """
    alike = _alike(outcomes, now)
    singles = [(each, message_id) for each, ids in alike.items() if len(ids) < _TOGETHER for message_id in ids]
    everything = sorted(message_id for ids in alike.values() for message_id in ids)
    if len(singles) < len(everything) or len(singles) > 1:
        lock_rows(connection, _m.id, among(connection, everything))
    _unbind(connection, owner, alike, {claimed.message_id for claimed, _ in outcomes if claimed.is_bound})
    for each, ids in alike.items():
        if len(ids) >= _TOGETHER:
            connection.execute(sa.update(messages).where(*_ours(connection, owner, ids)).values(**_values(each, now)))
    if singles:
        connection.execute(_SETTLE, [_parameters(each, message_id, owner, now) for each, message_id in singles])


def _alike(outcomes: Iterable[tuple[Claimed, SendResult]], now: datetime) -> dict[_Settled, list[int]]:
    """Return messages by what is written into their rows."""
    taken: dict[tuple[int, str | None], list[tuple[Claimed, SendResult]]] = {}  # the most by far, and told apart fast
    alike: dict[_Settled, list[int]] = {}
    for outcome in outcomes:
        claimed, result = outcome
        if result.outcome is Outcome.ACCEPTED and not result.reason and result.attempted:
            taken.setdefault((claimed.attempts, result.provider_message_id), []).append(outcome)
        else:
            alike.setdefault(_settled(claimed, result, now), []).append(claimed.message_id)
    for same in taken.values():
        alike.setdefault(_settled(*same[0], now), []).extend(claimed.message_id for claimed, _ in same)
    return alike


def _unbind(connection: sa.Connection, owner: str, alike: Mapping[_Settled, Sequence[int]], bound: Collection[int]) -> None:
    """Let what was certainly not taken leave by any connection; what an earlier try may have brought there stays bound."""
    waiting = (MessageState.QUEUED, MessageState.RETRY)
    free = [message_id for each, ids in alike.items() if each.state in waiting for message_id in ids if message_id not in bound]
    if free:
        of_campaigns = sa.update(messages).where(*_ours(connection, owner, free), _m.campaign_id.isnot(None))
        connection.execute(of_campaigns.values(connection_id=None))


def _ours(connection: sa.Connection, owner: str, ids: Collection[int]) -> tuple[sa.ColumnElement[bool], ...]:
    return _m.id.in_(among(connection, ids)), _m.lease_owner == owner, _ON_THEIR_WAY


def _settled(claimed: Claimed, result: SendResult, now: datetime) -> _Settled:
    tried = claimed.attempts + (1 if result.attempted else 0)
    state, reason, due = MessageState(result.outcome.value), result.reason, None
    if result.outcome is Outcome.RETRY and tried >= MAX_ATTEMPTS:
        state, reason = MessageState.REFUSED, f"given up after {tried} attempts: {reason}"
    elif result.trouble in _FOR_A_PERSON and not result.attempted:
        state, reason = MessageState.QUEUED, ""  # it was never about this message: it waits like the others
    elif result.outcome is Outcome.RETRY:
        due = now + (result.retry_after or min(FIRST_BACK_OFF * 2 ** min(max(0, tried - 1), 10), LONGEST_BACK_OFF))
    return _Settled(state, reason[:REASON_LENGTH], tried, due, result.provider_message_id)


def _values(each: _Settled, now: datetime) -> dict[str, Any]:
    taken = now if each.state is MessageState.ACCEPTED else None
    same = {"state": each.state.value, "reason": each.reason, "attempts": each.tried, "due_at": each.due, "accepted_at": taken}
    return same | {"provider_message_id": each.provider_id} | NO_LEASE


def _parameters(each: _Settled, message_id: int, owner: str, now: datetime) -> dict[str, Any]:
    values = _values(each, now)
    return {f"to_{name}": values[name] for name in _WRITTEN} | {"the_id": message_id, "the_owner": owner}


# Not IN: its list can't be expanded in a statement that runs for many rows at once.
_ON_THEIR_WAY = sa.or_(_m.state == MessageState.SENDING.value, _m.state == MessageState.UNCERTAIN.value)
_WRITTEN = ("state", "reason", "attempts", "due_at", "accepted_at", "provider_message_id")
_SETTLE = (
    sa.update(messages)
    .where(_m.id == sa.bindparam("the_id"), _m.lease_owner == sa.bindparam("the_owner"), _ON_THEIR_WAY)
    .values(**{name: sa.bindparam(f"to_{name}", type_=_m[name].type) for name in _WRITTEN}, **NO_LEASE)
)
