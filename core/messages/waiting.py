"""Who of a campaign waits for their time: an hour of their own, or one of the campaign's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.messages.states import MessageState
from core.messages.tables import messages


@dataclass(frozen=True)
class Waiting:
    """Those who wait.

    Args:
        people: How many they are.
        next_at: When the first of them get it, or None where nobody waits.
        last_at: When it begins for the last.
    """

    people: int
    next_at: datetime | None
    last_at: datetime | None


def who_waits(connection: sa.Connection, workspace_id: int, campaign_id: int, now: datetime) -> Waiting:
    """Return who of a campaign waits for their time; what is tried again is not counted."""
    column = messages.c
    mine = sa.and_(column.workspace_id == workspace_id, column.campaign_id == campaign_id, column.state == MessageState.QUEUED.value)
    figures = sa.select(sa.func.count(), sa.func.min(column.due_at), sa.func.max(column.due_at)).where(mine, column.due_at > now)
    return Waiting(*connection.execute(figures).one())
