"""Contacts who were merged into others: their old numbers still stand in messages, events and consent records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from core.contacts.person_tables import contact_aliases
from core.storage.database import among, chunked

_CHUNK = 10_000
_alias = contact_aliases.c


def survivor_of(connection: sa.Connection, workspace_id: int, contact_id: int) -> int:
    """Return whom a number means today: the contact somebody was merged into, or the number itself."""
    wanted = sa.select(_alias.contact_id).where(_alias.workspace_id == workspace_id, _alias.alias_id == contact_id)
    return connection.execute(wanted).scalar() or contact_id


def survivors_of(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int]) -> list[int]:
    """Return whom these numbers mean today, each once, in order."""
    known: dict[int, int] = {}
    for chunk in chunked(contact_ids, _CHUNK):
        mine = (_alias.workspace_id == workspace_id, _alias.alias_id.in_(among(connection, chunk)))
        known |= {row.alias_id: row.contact_id for row in connection.execute(sa.select(_alias.alias_id, _alias.contact_id).where(*mine))}
    return list(dict.fromkeys(known.get(one, one) for one in contact_ids))


def numbers_of(contact_id: int) -> sa.CompoundSelect[Any]:
    """Return a query of a contact's number and those of everybody merged into them, for `column.in_(…)`."""
    own = sa.select(sa.literal(contact_id, _alias.alias_id.type))
    return own.union_all(sa.select(_alias.alias_id).where(_alias.contact_id == contact_id))
