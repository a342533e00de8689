"""Changing the ledger's rows: in the order of their ids, so that two transactions never wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import among, chunked, lock_rows

# Nothing is known yet about the outcome of these.
UNSETTLED = tuple(
    state.value
    for state in (
        MessageState.QUEUED,
        MessageState.CLAIMED,
        MessageState.SENDING,
        MessageState.UNCERTAIN,
        MessageState.RETRY,
        MessageState.CANCELLED,
    )
)
ARRIVED = (MessageState.ACCEPTED.value, MessageState.DELIVERED.value)
CAME_BACK = (MessageState.BOUNCED.value, MessageState.COMPLAINED.value)

_AT_A_TIME = 10_000
_SETTLED: dict[str, Any] = {"lease_owner": None, "lease_until": None, "due_at": None}


def locked(connection: sa.Connection, ids: Iterable[int]) -> Iterator[sa.Select[Any]]:
    """Yield ids, some at a time, as a query for `IN (…)`, their rows locked where the database locks rows at all."""
    for chunk in chunked(sorted(set(ids)), _AT_A_TIME):
        listed = among(connection, chunk)
        lock_rows(connection, messages.c.id, listed)
        yield listed


def move(
    connection: sa.Connection,
    ids: Iterable[int],
    *,
    from_states: Sequence[str],
    to: MessageState,
    reason: str = "",
    at: datetime | None = None,
) -> None:
    """Set the state of those messages that are in one of `from_states`.

    Args:
        connection: The transaction.
        ids: Which messages.
        from_states: Others stay as they are.
        to: Their new state.
        reason: Why.
        at: When it happened, by our own clock: a message that was queued anew since has another try before it.
    """
    column = messages.c
    still = [] if at is None else [column.queued_at <= at]
    for chunk in locked(connection, ids):
        moving = sa.update(messages).where(column.id.in_(chunk), column.state.in_(from_states), *still)
        connection.execute(moving.values(state=to.value, reason=reason, **_SETTLED))
