"""Exporting contacts as CSV, Parquet or Excel: streamed, safe to open in a spreadsheet, and put on record before anything leaves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import declared
from core.contacts.choosing import Choice, in_database
from core.contacts.export.columns import ExportColumn, available, chosen
from core.permissions import Permission, Principal
from core.storage.database import Database

if TYPE_CHECKING:
    from core.contacts.export.formats import ExportFormat
    from core.contacts.export.rows import Walk


@dataclass(frozen=True)
class Export:
    """A file on its way; iterating over it reads the people.

    Args:
        people: How many there were when it began.
        media_type: What its format is called on the way.
        pieces: Its bytes.
    """

    people: int
    media_type: str
    pieces: Iterator[bytes]

    def __iter__(self) -> Iterator[bytes]:
        """Return its bytes, piece by piece."""
        return self.pieces


class ContactExport:
    """Writes contacts out; for somebody limited to some lists, the people on them, and no other list is named.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def columns(self, by: Principal) -> list[ExportColumn]:
        """Return the columns an export can have, in the order of the file.

        Raises:
            Denied: If `by` may not export contacts.
        """
        by.require(Permission.CONTACTS_EXPORT)
        with self._db.read() as connection:
            return available(declared(connection, by.workspace_id))

    def check(self, by: Principal, format: ExportFormat | str, people: int, columns: Sequence[str] = ()) -> None:
        """Do nothing if so many people can be exported like this.

        Raises:
            Denied: If `by` may not export contacts.
            InvalidInput: If there is no such column, or these are more people than Excel can open.
        """
        from core.contacts.export.formats import ExportFormat, check_room

        check_room(ExportFormat(format), people, len(chosen(self.columns(by), columns)))

    def stream(
        self,
        by: Principal,
        *,
        format: ExportFormat | str = "csv",
        columns: Sequence[str] = (),
        list_id: int | None = None,
        contact_ids: Sequence[int] | None = None,
        choice: Choice | None = None,
    ) -> Export:
        """Return a file in pieces: a heading, then a line per contact, oldest first.

        Args:
            by: Who exports.
            format: CSV, Parquet or an Excel workbook.
            columns: Which columns, by key or heading, in their order; the usual ones if none is named.
            list_id: Only people on this list.
            contact_ids: Only these people.
            choice: Only people who match this, as on the page of contacts; in the place of `list_id`.

        Raises:
            Denied: If `by` may not export contacts.
            InvalidInput: If there is no such column, or more people than Excel can open; both before the first piece.
        """
        from core.contacts.export.formats import ExportFormat, media_type, pieces  # Polars and Arrow: only whoever exports waits
        from core.contacts.export.rows import Walk, frames

        by.require(Permission.CONTACTS_EXPORT)
        wanted, form, looked_for = chosen(self.columns(by), columns), ExportFormat(format), choice or Choice(list_id=list_id)
        ids = None if contact_ids is None else sorted(set(contact_ids))
        walk = Walk(by, in_database(by, looked_for, together=False), ids)
        people = self._put_on_record(by, walk, form, len(wanted), looked_for.list_id)
        return Export(people, media_type(form), pieces(form, wanted, frames(self._db, walk, wanted)))

    def _put_on_record(self, by: Principal, walk: Walk, form: ExportFormat, columns: int, list_id: int | None) -> int:
        """Return how many people there are, once it is on record that they are exported."""
        from core.contacts.export.formats import check_room

        with self._db.transaction() as connection:
            people = walk.count(connection)
            check_room(form, people, columns)
            target = f"workspace:{by.workspace_id}" if list_id is None else f"list:{list_id}"
            record(connection, self._clock.now(), by, AuditAction.CONTACTS_EXPORTED, target, after={"people": people, "format": form.value})
        return people
