"""Single messages as they are read to be sent: what each says, to whom, and why it must not leave."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.lookup import SkipReason, barring
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.tables import contacts
from core.messages.tables import messages, requests
from core.storage.database import among

_m, _r = messages.c, requests.c


@dataclass(frozen=True)
class Waiting:
    """A single message that is about to leave.

    Args:
        message_id: The ledger row.
        workspace_id: Whose.
        content: What it says, sealed.
        created_at: When it was asked for.
        left_at: When it first may have left, None where it surely has not.
        recipient: The address it goes to; empty where whoever had it is gone.
        why_not: Why it must not leave, empty where it may.
    """

    message_id: int
    workspace_id: int
    content: str
    created_at: datetime
    left_at: datetime | None
    recipient: str
    why_not: str


def waiting(connection: sa.Connection, ids: Sequence[int], hashes: AddressHashes) -> dict[int, Waiting]:
    """Return messages by number, and why the recipients must not be written to, if so: they may have been suppressed since.

    Raises:
        Unavailable: If somebody was erased and there is no key to recognise them by.
    """
    rows = connection.execute(_wanted().where(_m.id.in_(among(connection, ids)))).all()
    erased = _erased(connection, [row for row in rows if row.recipient and not row.suppressed], hashes)
    found = {}
    for row in rows:
        why = row.suppressed or erased.get((row.workspace_id, row.recipient))
        why_not = suppressed_for(why) if why else "" if row.recipient else SkipReason.DELETED.value
        said = (row.message_id, row.workspace_id, row.content, row.created_at, row.left_at, row.recipient)
        found[row.message_id] = Waiting(*said, why_not)
    return found


def suppressed_for(reason: str) -> str:
    """Return the reason of a message that is skipped because its address is suppressed."""
    return f"{SkipReason.SUPPRESSED.value}: {reason}"


def _erased(connection: sa.Connection, rows: Sequence[sa.Row[Any]], hashes: AddressHashes) -> dict[tuple[int, str], str]:
    addresses: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        addresses[row.workspace_id].append(row.recipient)
    found = {whose: hashes.reasons(connection, whose, some) for whose, some in addresses.items()}
    return {(whose, address): reason for whose, reasons in found.items() for address, reason in reasons.items()}


def _wanted() -> sa.Select[Any]:
    recipient = sa.func.coalesce(contacts.c.email, _r.recipient)
    joined = messages.join(requests, _r.message_id == _m.id)
    joined = joined.outerjoin(contacts, sa.and_(contacts.c.id == _m.contact_id, contacts.c.workspace_id == _m.workspace_id))
    barred = barring(joined, workspace_id=_r.workspace_id, email=recipient, needs_consent=False)
    said = (_r.message_id, _r.workspace_id, _r.content, _r.created_at, _r.left_at)
    found = sa.select(*said, recipient.label("recipient"), barred.suppressed_for.label("suppressed"))
    return found.select_from(barred.told_from)
