"""Taking contacts out of the database: what goes with them, and what has to stay."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from core.contacts.consent.records import ConsentStatus
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import consent_records, contact_tombstones, contacts, stop_marks
from core.storage.database import among

WHY = "unsubscribed before being deleted"


def remove_in(
    connection: sa.Connection, suppressions: Suppressions, workspace_id: int, change: int, contact_ids: Sequence[int], why: str = WHY
) -> int:
    """Remove contacts inside the caller's transaction and return how many there were.

    The addresses of those who had unsubscribed are suppressed, so that no import brings them back into the mail; also of those whose
    no is only marked and not on record yet. Which single lists somebody had left is not kept: who comes back may be put on them again.
    What proves a consent stays under a number that leads to nobody any more: what was said and when, without network and browser.
    How often their mailboxes were asked by mail stays as well, for 30 days and as keyed hashes: who comes back is not asked more often.

    Args:
        connection: The caller's transaction.
        suppressions: Takes the addresses of those who had unsubscribed.
        workspace_id: Whose contacts.
        change: The number of the caller's change.
        contact_ids: Who; those that are not there are passed over.
        why: What is noted with the addresses that are suppressed.
    """
    mine = (contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, contact_ids)))
    has_stopped = sa.exists().where(stop_marks.c.contact_id == contacts.c.id).correlate(contacts).label("has_stopped")
    rows = connection.execute(sa.select(contacts.c.id, contacts.c.email, contacts.c.consent, has_stopped).where(*mine)).all()
    if not rows:
        return 0
    ids = among(connection, [row.id for row in rows])
    connection.execute(sa.delete(contacts).where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(ids)))
    gone = [{"workspace_id": workspace_id, "contact_id": row.id, "updated_seq": change} for row in rows]
    connection.execute(sa.insert(contact_tombstones), gone)
    proofs = sa.update(consent_records).where(consent_records.c.contact_id.in_(ids))
    connection.execute(proofs.values(ip="", ip_prefix="", user_agent=""))
    closed = [row.email for row in rows if row.has_stopped or row.consent == ConsentStatus.UNSUBSCRIBED]
    suppressions.add_in(connection, workspace_id, closed, SuppressionReason.MANUAL, why)
    return len(rows)
