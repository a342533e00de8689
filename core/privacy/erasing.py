"""Erasing a person, for good: asked for once, done step by step by the worker, killed anywhere and gone on with (GDPR art. 17).

The profile and all that hangs on it go in the transaction that asks for it, so from then on nobody writes to them. What lies in many
files or in others' rows follows in steps, each of which may be done twice. The address stays with the job, sealed, until the last step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import disguised, normalise
from core.contacts.changes import next_change
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contact_tombstones
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Principal
from core.privacy.answering import check_request, note_erased
from core.privacy.asking import require
from core.privacy.hashes import SubjectHashes, spellings, without_address
from core.privacy.previewing import Preview, Previews
from core.privacy.registry import Leaves, Place, of_contacts, table_of
from core.privacy.subjects import Subject, find_subject, rows_of
from core.privacy.tables import erasures
from core.storage.database import Database, insert_or_ignore
from core.storage.vault import Vault

FIRST_STEP = "messages"
_e = erasures.c


@dataclass(frozen=True)
class Erasure:
    """Somebody who was erased, or is being erased.

    Args:
        id: Its number.
        contact_id: Their number, None for somebody who was no contact.
        step: The next step to do, "" once it is done.
        counts: What went, by word.
        requested_by: The label of who confirmed it.
        created_at: When.
        finished_at: When the last step was done.
    """

    id: int
    contact_id: int | None
    step: str
    counts: Mapping[str, int]
    requested_by: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return not self.step


class Erasures:
    """Shows what erasing takes, and erases.

    Args:
        db: The database.
        clock: The time.
        vault: Seals the address while it is being done.
        hashes: Keeps in mind who was erased.
        suppressions: Keeps to it that nobody writes to them again.
        previews: Counts what goes.
    """

    def __init__(
        self, db: Database, clock: Clock, vault: Vault, hashes: SubjectHashes, suppressions: Suppressions, previews: Previews
    ) -> None:
        self._db, self._clock, self._vault, self._hashes = db, clock, vault, hashes
        self._suppressions, self._previews = suppressions, previews

    def preview(self, by: Principal, email: str) -> Preview:
        """Return what erasing somebody takes and leaves.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If it can't be an address.
        """
        require(by)
        with self._db.read() as connection:
            subject = find_subject(connection, by.workspace_id, normalise(email, allows_utf8=True), self._hashes)
        return self._previews.of(subject)

    def erase(self, by: Principal, email: str, *, confirmed: str, request_id: int | None = None) -> Erasure:
        """Erase somebody; nothing brings them back.

        Args:
            by: Who confirms it.
            email: Their address.
            confirmed: The address once more, as it was typed.
            request_id: The request it answers, which notes it.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            InvalidInput: If it can't be an address, or another one was typed.
            NotFound: If there is no such request.
            Conflict: If it is about somebody else, or they are being erased already.
        """
        require(by)
        address = normalise(email, allows_utf8=True)
        if confirmed.strip().lower() != address:
            raise InvalidInput("That is not the address.", hint="Type the address of the person to be erased: it can’t be undone.")
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            subject = find_subject(connection, by.workspace_id, address, self._hashes)
            check_request(connection, by, request_id, subject)
            self._check(connection, subject)
            now = self._clock.now()
            # Whoever comes back under this address, in an import, say, is suppressed from that moment on.
            self._suppressions.erase_in(connection, by.workspace_id, address, now)
            counts = _take_out(connection, subject, change)
            counts["requests"] = note_erased(connection, by.workspace_id, tuple(subject.hashes), now)
            erasure_id = self._begin(connection, by, subject, counts, request_id)
            target = f"contact:{subject.contact_id}" if subject.contact_id else f"address:{disguised(by.workspace_id, address)}"
            record(connection, now, by, AuditAction.PERSONAL_DATA_ERASED, target, after={"erasure": erasure_id})
        return self.get(by, erasure_id)

    def get(self, by: Principal, erasure_id: int) -> Erasure:
        """Return how far an erasure is.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
            NotFound: If this workspace has none of this number.
        """
        require(by)
        with self._db.read() as connection:
            row = connection.execute(sa.select(erasures).where(_e.workspace_id == by.workspace_id, _e.id == erasure_id)).one_or_none()
        if row is None:
            raise NotFound(f"There is no erasure {erasure_id}.")
        return _read(row)

    def latest(self, by: Principal, limit: int = 20) -> list[Erasure]:
        """Return who was erased, by number only, newest first.

        Raises:
            Denied: Without `privacy.manage`, or for somebody who may see only some lists.
        """
        require(by)
        wanted = sa.select(erasures).where(_e.workspace_id == by.workspace_id).order_by(_e.id.desc()).limit(limit)
        with self._db.read() as connection:
            return [_read(row) for row in connection.execute(wanted)]

    def _check(self, connection: sa.Connection, subject: Subject) -> None:
        open_one = (_e.workspace_id == subject.workspace_id, _e.email_hash.in_(subject.hashes), _e.step != "")
        if connection.execute(sa.select(_e.id).where(*open_one)).first() is not None:
            raise Conflict("This person is being erased already.", hint="Look at it in a minute.")

    def _begin(self, connection: sa.Connection, by: Principal, subject: Subject, counts: Mapping[str, int], request_id: int | None) -> int:
        row: dict[str, Any] = {"workspace_id": by.workspace_id, "contact_id": subject.contact_id, "email": self._vault.seal(subject.email)}
        row |= {
            "email_hash": subject.hashes[0],
            "message_ids": list(subject.message_ids),
            "alias_ids": list(subject.alias_ids),
            "request_id": request_id,
        }
        row |= {"step": FIRST_STEP, "place": 0, "counts": dict(counts), "requested_by": by.label, "created_at": self._clock.now()}
        return int(connection.execute(sa.insert(erasures).values(**row).returning(_e.id)).scalar_one())


def _take_out(connection: sa.Connection, subject: Subject, change: int) -> dict[str, int]:
    """Take a person out of every table that the registry finds them in, and return how many rows went or were emptied."""
    counts = {}
    for place in of_contacts():
        condition = rows_of(place, subject)
        if condition is not None and (touched := _take_out_of(connection, place, condition, subject.email)):
            counts[place.table] = touched
    if subject.contact_id is not None:
        tombstone = {"workspace_id": subject.workspace_id, "contact_id": subject.contact_id, "updated_seq": change}
        insert_or_ignore(connection, contact_tombstones, [tombstone])
    return counts


def _take_out_of(connection: sa.Connection, place: Place, condition: sa.ColumnElement[bool], email: str) -> int:
    table = table_of(place)
    assert table is not None
    if place.leaves is Leaves.NO_ROW:
        return connection.execute(sa.delete(table).where(condition)).rowcount
    touched = 0
    if place.empties:
        present = {name: value for name, value in place.empties.items() if name in table.c}
        touched = connection.execute(sa.update(table).where(condition).values(**present)).rowcount
    return touched


def scrub(db: Database, table: sa.Table, name: str, email: str, *where: sa.ColumnElement[bool], wipes: bool = False) -> int:
    """Take an address out of a column of words and return how many rows held it; looking for it keeps nobody from writing.

    Args:
        db: The database.
        table: Where.
        name: The column.
        email: The address in its one spelling.
        where: Which rows.
        wipes: Whether the words go as a whole.
    """
    column, keys = table.c[name], list(table.primary_key.columns)
    with db.read() as connection:
        found = connection.execute(sa.select(*keys, column).where(*where, holds(column, email))).all()
    if found:
        with db.transaction() as connection:
            for row in found:
                this = [key == row._mapping[key] for key in keys]
                left = "" if wipes else without_address(row._mapping[column], email)
                connection.execute(sa.update(table).where(*this).values({name: left}))
    return len(found)


def holds(column: sa.Column[Any], email: str) -> sa.ColumnElement[bool]:
    """Return the condition that an address stands in a column of words; a `_` or `%` in it is meant as it is."""
    return sa.or_(*(sa.func.lower(column).contains(text, autoescape=True) for text in spellings(email)))


def _read(row: sa.Row[Any]) -> Erasure:
    return Erasure(row.id, row.contact_id, row.step, row.counts, row.requested_by, row.created_at, row.finished_at)
