"""How many campaigns somebody gets at most: counted in the ledger, and held back in the moment of the intent.

Two campaigns that are sent at once can't both slip through: whoever is about to send takes the workspace's row first, so the
intents of its campaigns follow one another, and each sees those before it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from core.contacts.lookup import EVERY_DAYS, Frequency, SkipReason
from core.messages.leasing import move
from core.messages.plan import WorkspaceCap
from core.messages.settling import NO_LEASE
from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import among
from core.storage.tables import workspaces

# What reached somebody; who complained got it too.
_REACHED = (MessageState.ACCEPTED, MessageState.DELIVERED, MessageState.COMPLAINED)
# Nobody knows when what is uncertain left, only when it was queued: a warm-up, a pause or a zone may have kept it so long.
_MAY_HAVE_WAITED = timedelta(days=30)

_m = messages.c


class Capped(NamedTuple):
    """How many campaigns some readers get at most.

    Args:
        cap: How many, in how many days.
        why: What is said of who has had them.
        readers: Of whom it holds; None for all.
    """

    cap: WorkspaceCap
    why: SkipReason
    readers: Set[int] | None


def over_cap(connection: sa.Connection, cap: WorkspaceCap, contact_ids: Collection[int], now: datetime) -> set[int]:
    """Return those who have got as many campaigns as they may; single messages are not counted.

    What is on its way leaves now. What is uncertain counts unless it must have left before, however late it left.
    """
    since = now - timedelta(days=cap.days)
    wanted = sa.and_(_m.workspace_id == cap.workspace_id, _m.contact_id.in_(among(connection, contact_ids)), _m.campaign_id.isnot(None))
    reached = sa.or_(
        sa.and_(_m.state.in_([state.value for state in _REACHED]), sa.func.coalesce(_m.accepted_at, _m.queued_at) > since),
        _m.state == MessageState.SENDING.value,
        sa.and_(_m.state == MessageState.UNCERTAIN.value, _m.queued_at > since - _MAY_HAVE_WAITED),
    )
    many = sa.select(_m.contact_id).where(wanted, reached).group_by(_m.contact_id).having(sa.func.count() >= cap.messages)
    return {contact_id for contact_id in connection.execute(many).scalars() if contact_id is not None} if contact_ids else set()


def caps(cap: WorkspaceCap | None, workspace_id: int, seldom: Mapping[int, Frequency]) -> list[Capped]:
    """Return what bounds the campaigns of some readers: their own wishes, then the workspace's rule.

    Args:
        cap: The workspace's rule; None for none.
        workspace_id: Whose readers.
        seldom: How often those want mail who don't want all of it.
    """
    found = []
    for often, days in EVERY_DAYS.items():
        if readers := {contact_id for contact_id, wanted in seldom.items() if wanted is often}:
            found.append(Capped(WorkspaceCap(workspace_id, 1, days), SkipReason.LESS_OFTEN, readers))
    return found if cap is None else [*found, Capped(cap, SkipReason.FREQUENCY_CAP, None)]


def hold_back(connection: sa.Connection, capped: Sequence[Capped], mine: sa.ColumnElement[bool], workspace_id: int, now: datetime) -> None:
    """Skip, inside the transaction of an intent, those of these claimed messages whose readers have got enough."""
    # Waits for other intents of this workspace; SQLite has kept everybody else out already.
    connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == workspace_id).with_for_update(key_share=True)).all()
    for each in capped:
        readers = {number for number in connection.execute(sa.select(_m.contact_id).where(mine)).scalars() if number is not None}
        full = over_cap(connection, each.cap, readers if each.readers is None else readers & each.readers, now)
        if full:
            skipped = {"state": MessageState.SKIPPED.value, "reason": each.why.value, "due_at": None, **NO_LEASE}
            move(connection, sa.and_(mine, _m.contact_id.in_(among(connection, full))), skipped)
