"""Reading the ledger for people: how a campaign stands, and its messages page by page, as far as the one who asks may see them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.messages.rows import MessageRow
from core.messages.states import MessageState
from core.messages.tables import messages
from core.permissions import Principal

# Answers which campaigns somebody may see, None for all; campaigns know that, and stand above what asks.
SeenCampaigns = Callable[[sa.Connection, Principal], Collection[int] | None]

_m = messages.c
_STATES = tuple(MessageState)
_COLUMNS = (
    _m.id, _m.contact_id, contacts.c.email, _m.variant_id, _m.state, _m.reason, _m.attempts, _m.due_at, _m.queued_at, _m.accepted_at,
    _m.provider_message_id,
)  # fmt: skip


def nothing_for_the_limited(_connection: sa.Connection, by: Principal) -> Collection[int] | None:
    """Answer for where nobody said which campaigns may be seen: all of them with all lists, none with some."""
    return None if by.lists is None else ()


def count_by_state(connection: sa.Connection, by: Principal, campaign_id: int) -> dict[MessageState, int]:
    """Return how many messages of a campaign are in each state; states without any are left out."""
    return count_states(connection, by.workspace_id, campaign_id)


def count_states(connection: sa.Connection, workspace_id: int, campaign_id: int) -> dict[MessageState, int]:
    """Return the same by workspace. A count for each state takes half as long as one that groups (measured: 82 ms, 183 ms of a million)."""
    mine = (_m.workspace_id == workspace_id, _m.campaign_id == campaign_id)
    counts = [
        sa.select(sa.literal(at).label("at"), sa.func.count()).where(*mine, _m.state == state.value) for at, state in enumerate(_STATES)
    ]
    return {_STATES[at]: count for at, count in connection.execute(sa.union_all(*counts)) if count}


def read_page(
    connection: sa.Connection, by: Principal, campaign_id: int, state: MessageState | None, limit: int, after_id: int
) -> list[MessageRow]:
    """Return messages of a campaign in the order of their ids; without the address of somebody `by` may not see (any more)."""
    wanted = [_m.workspace_id == by.workspace_id, _m.campaign_id == campaign_id, _m.id > after_id]
    if state is not None:
        wanted.append(_m.state == state.value)
    reader = sa.and_(contacts.c.id == _m.contact_id, *seen_one_by_one(by))
    statement = sa.select(*_COLUMNS).select_from(messages.outerjoin(contacts, reader)).where(*wanted).order_by(_m.id).limit(limit)
    return [_as_row(row) for row in connection.execute(statement)]


def _as_row(row: Any) -> MessageRow:
    return MessageRow(**{**row._mapping, "state": MessageState(row.state)})
