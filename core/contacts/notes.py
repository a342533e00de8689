"""Notes: what colleagues should know about a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.names import names_of
from core.audit.recording import record
from core.clock import Clock
from core.contacts.finding import one_contact
from core.contacts.person_tables import contact_notes
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database

MAX_TEXT = 5_000
MAX_NOTES = 500


@dataclass(frozen=True)
class Note:
    """What somebody wrote about a person.

    Args:
        id: Its number.
        text: Plain text, may have several lines.
        written_by: Who, as records name them ("person:7").
        author: What they are called now; may be empty.
        created_at: When.
    """

    id: int
    text: str
    written_by: str
    author: str
    created_at: datetime


class Notes:
    """Adds, shows and deletes notes about the people somebody may see.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def all(self, by: Principal, contact_id: int) -> list[Note]:
        """Return the notes about a person, newest first.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            one_contact(connection, by, contact_id)
            return _notes(connection, by, contact_notes.c.contact_id == contact_id)

    def add(self, by: Principal, contact_id: int, text: str) -> Note:
        """Write a note about a person.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If it is empty or too long, or there are too many.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        wanted = text.strip()
        if not wanted or len(wanted) > MAX_TEXT or "\0" in wanted:
            raise InvalidInput("A note needs some words.", hint=f"At most {MAX_TEXT:,} characters.")
        now, column = self._clock.now(), contact_notes.c
        with self._db.transaction() as connection:
            one_contact(connection, by, contact_id)
            if connection.execute(sa.select(sa.func.count()).where(column.contact_id == contact_id)).scalar_one() >= MAX_NOTES:
                raise InvalidInput(f"There are {MAX_NOTES} notes about this person already.", hint="Delete some first.")
            row = {"workspace_id": by.workspace_id, "contact_id": contact_id, "text": wanted, "written_by": by.label, "created_at": now}
            note_id = connection.execute(sa.insert(contact_notes).values(row).returning(column.id)).scalar_one()
            record(connection, now, by, AuditAction.CONTACT_NOTE_ADDED, f"contact:{contact_id}")
            return _notes(connection, by, column.id == note_id)[0]

    def delete(self, by: Principal, note_id: int) -> None:
        """Delete a note of one's own.

        Raises:
            Denied: If `by` may not edit contacts, or somebody else wrote it.
            NotFound: If there is no such note.
        """
        by.require(Permission.CONTACTS_EDIT)
        column = contact_notes.c
        wanted = sa.select(column.contact_id, column.written_by).where(column.workspace_id == by.workspace_id, column.id == note_id)
        with self._db.transaction() as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                raise NotFound("There is no such note.", hint="Somebody may have deleted it.")
            one_contact(connection, by, row.contact_id)
            if row.written_by != by.label:
                raise Denied("Somebody else wrote this note.", hint="You can delete your own.")
            connection.execute(sa.delete(contact_notes).where(column.id == note_id))
            record(connection, self._clock.now(), by, AuditAction.CONTACT_NOTE_DELETED, f"contact:{row.contact_id}")


def _notes(connection: sa.Connection, by: Principal, where: sa.ColumnElement[bool]) -> list[Note]:
    column = contact_notes.c
    rows = connection.execute(
        sa.select(contact_notes).where(column.workspace_id == by.workspace_id, where).order_by(column.id.desc())
    ).all()
    names = names_of(connection, by.workspace_id, {row.written_by for row in rows})
    return [Note(row.id, row.text, row.written_by, names.get(row.written_by, ""), row.created_at) for row in rows]
