"""The last look before messages leave, inside the transaction of their intent: whoever has said no by then gets nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from core.contacts.lookup import Frequency, SkipReason, barring
from core.contacts.tables import contacts
from core.messages.capping import caps, hold_back
from core.messages.leasing import claimed_by, move
from core.messages.plan import WorkspaceCap
from core.messages.settling import NO_LEASE
from core.messages.states import MessageState
from core.messages.tables import messages
from core.storage.database import among

_m = messages.c


def look(connection: sa.Connection, owner: str, message_ids: Collection[int], cap: WorkspaceCap | None, now: datetime) -> None:
    """Skip those of these claimed messages of campaigns whose readers must not be mailed (any more), or have got enough.

    Args:
        connection: The transaction of the intent.
        owner: Who claimed them.
        message_ids: Which.
        cap: The workspace's rule; None for none.
        now: The time.
    """
    mine = sa.and_(claimed_by(connection, owner, message_ids), _m.campaign_id.isnot(None))
    person = sa.and_(contacts.c.id == _m.contact_id, contacts.c.workspace_id == _m.workspace_id)
    why, _, told_from = barring(messages.outerjoin(contacts, person), now)
    standing = sa.select(_m.id, _m.workspace_id, _m.contact_id, contacts.c.id, why, contacts.c.frequency)
    standing = standing.select_from(told_from).where(mine)
    special = sa.or_(contacts.c.id.is_(None), why.isnot(None), contacts.c.frequency != Frequency.ALL.value)
    skipped: dict[str, list[int]] = defaultdict(list)
    seldom: dict[int, dict[int, Frequency]] = defaultdict(dict)
    for message_id, workspace_id, contact_id, known, reason, frequency in connection.execute(standing.where(special)):
        if known is None or reason is not None:
            skipped[reason or SkipReason.DELETED.value].append(message_id)
        else:
            seldom[workspace_id][contact_id] = Frequency(frequency)
    for reason, ids in sorted(skipped.items()):
        values = {"state": MessageState.SKIPPED.value, "reason": reason, "due_at": None, **NO_LEASE}
        move(connection, sa.and_(mine, _m.id.in_(among(connection, ids))), values)
    for workspace_id in sorted(seldom.keys() | ({cap.workspace_id} if cap else set())):
        capped = caps(cap if cap and cap.workspace_id == workspace_id else None, workspace_id, seldom.get(workspace_id, {}))
        hold_back(connection, capped, sa.and_(mine, _m.workspace_id == workspace_id), workspace_id, now)
