"""What people are asked by mail and have not answered yet, and what of it a no closes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.tables import opt_ins

_o = opt_ins.c


def asked_for(connection: sa.Connection, workspace_id: int, list_id: int, now: datetime) -> set[int]:
    """Return who was asked by mail whether they want to be on a list, and may still answer."""
    still = (_o.workspace_id == workspace_id, _o.confirmed_at.is_(None), _o.expires_at > now)
    found = connection.execute(sa.select(_o.contact_id, _o.list_ids).where(*still))
    return {row.contact_id for row in found if list_id in row.list_ids}


def lists_asked_for(connection: sa.Connection, contact_id: int, now: datetime) -> set[int]:
    """Return the lists somebody was asked about and may still answer for."""
    return {list_id for row in _open(connection, contact_id, now) for list_id in row.list_ids}


def ask_no_more(connection: sa.Connection, contact_id: int, list_id: int, now: datetime) -> bool:
    """Take a list out of all that somebody was asked for; what asked for no other is closed. Return whether anything asked for it."""
    asked = [row for row in _open(connection, contact_id, now) if list_id in row.list_ids]
    for row in asked:
        others = [each for each in row.list_ids if each != list_id]
        closed = {} if others else {"expires_at": row.asked_at, "mail_due_at": None}
        connection.execute(sa.update(opt_ins).where(_o.id == row.id).values(list_ids=others, **closed))
    return bool(asked)


def _open(connection: sa.Connection, contact_id: int, now: datetime) -> Sequence[Any]:
    """Return the questions that were asked until now and wait for an answer."""
    still = (_o.contact_id == contact_id, _o.confirmed_at.is_(None), _o.asked_at <= now, _o.expires_at > now)
    return connection.execute(sa.select(_o.id, _o.list_ids, _o.asked_at).where(*still).order_by(_o.id)).all()
