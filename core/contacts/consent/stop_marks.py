"""Marks on those who have just said no: they hold from the moment of the answer, while the record of it is still being written.

A mark is one row and waits for nothing that an import may hold for long, so that it can be set before somebody is answered. The
ingester puts the no on record about a second later and takes the mark away.
"""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.consent.consent import Consent
from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.tables import contacts, stop_marks
from core.storage.database import Database, insert_or_move_on

# The ingester is about a second behind; a mark that is older has lost its line of the journal, or the line was known already.
LEFT_BEHIND = timedelta(minutes=5)
_AT_A_TIME = 1_000


def mark(connection: sa.Connection, whose: sa.ColumnElement[bool], clock: Clock) -> bool:
    """Mark the contact that a condition finds, inside the caller's transaction; return whether there was one to mark.

    A mark that is there moves on: the latest no counts, for what they say in between is read before it.

    Args:
        connection: The caller's transaction.
        whose: Finds the contact.
        clock: When they said no, the moment in the line of the journal: reading that line takes away what is not later.
    """
    said_at = sa.literal(clock.now(), stop_marks.c.since.type)
    found = sa.select(contacts.c.id.label("contact_id"), contacts.c.workspace_id, said_at.label("since")).where(whose)
    return insert_or_move_on(connection, stop_marks, "contact_id", "since", found) > 0


class StopMarks:
    """Sees to it that no mark is left behind.

    Args:
        db: The database.
        clock: The time.
        consent: Puts what was said on record.
    """

    def __init__(self, db: Database, clock: Clock, consent: Consent) -> None:
        self._db, self._clock, self._consent = db, clock, consent

    def settle(self) -> int:
        """Put on record what old marks say; return how many contacts were unsubscribed by it."""
        column, settled = stop_marks.c, 0
        old = sa.select(column.workspace_id, column.contact_id, column.since).where(column.since < self._clock.now() - LEFT_BEHIND)
        with self._db.read() as connection:
            found = connection.execute(old.order_by(column.since).limit(_AT_A_TIME)).all()
        for workspace_id, contact_id, since in found:
            evidence = Evidence(ConsentMethod.ONE_CLICK, ConsentMethod.ONE_CLICK.value)
            with self._db.transaction() as connection:
                settled += len(self._consent.withdraw(connection, workspace_id, [contact_id], evidence, said_at=since))
        return settled
