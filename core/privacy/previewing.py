"""What erasing somebody takes, what it leaves, and where people wrote the address themselves."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.privacy.registry import PLACES, Leaves, Place, of_contacts, table_of
from core.privacy.rows_about import RowsAbout
from core.privacy.subjects import Subject, rows_of
from core.storage.database import Database

_NOUNS = {
    "lists": "list",
    "tags": "tag",
    "segments": "segment",
    "templates": "template",
    "template_versions": "template version",
    "template_variants": "template version in another language",
    "template_drafts": "draft of template",
    "brand_kits": "brand kit",
    "saved_blocks": "saved block",
    "pictures": "picture",
    "campaigns": "campaign",
    "arms": "variant of an A/B test",
}


@dataclass(frozen=True)
class Part:
    """One kind of thing about the person.

    Args:
        what: What it is.
        count: How many rows.
        becomes: What becomes of them.
        goes: Whether nothing of them is left.
    """

    what: str
    count: int
    becomes: str
    goes: bool


@dataclass(frozen=True)
class Preview:
    """What erasing somebody does.

    Args:
        email: Their address in its one spelling.
        contact_id: Their number, None for somebody who is no contact.
        parts: What there is and what becomes of it.
        events: How many events of the lake are about them.
        mentions: Where people wrote the address themselves ("segment 3"): that stays until they change it.
    """

    email: str
    contact_id: int | None
    parts: list[Part] = field(default_factory=list)
    events: int = 0
    mentions: list[str] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether anything is known about them."""
        return bool(self.parts or self.events)


class Previews:
    """Counts what there is about somebody.

    Args:
        db: The database.
        rows: Finds the rows.
    """

    def __init__(self, db: Database, rows: RowsAbout) -> None:
        self._db, self._rows = db, rows

    def of(self, subject: Subject) -> Preview:
        """Return what erasing somebody does."""
        with self._db.read() as connection:
            parts = [part for place in reversed(of_contacts()) if (part := _part(connection, place, subject)) is not None]
            mentions = [each for place in PLACES for name in place.mentions.split() for each in _mentions(connection, place, name, subject)]
        refused = self._rows.count_refused(subject)
        if refused:
            parts.append(Part("Rows of imports that were refused", refused, "The rows go.", goes=True))
        return Preview(subject.email, subject.contact_id, parts, self._rows.count_events(subject), mentions)


def _part(connection: sa.Connection, place: Place, subject: Subject) -> Part | None:
    table, condition = table_of(place), rows_of(place, subject)
    if table is None or condition is None:
        return None
    count = connection.execute(sa.select(sa.func.count()).select_from(table).where(condition)).scalar_one()
    return Part(place.what, count, place.erased, place.leaves is Leaves.NO_ROW) if count else None


def _mentions(connection: sa.Connection, place: Place, name: str, subject: Subject) -> list[str]:
    table = table_of(place)
    if table is None or name not in table.c or table is contacts:
        return []
    text = sa.func.lower(sa.cast(table.c[name], sa.Text))
    number = next(iter(table.primary_key))
    found = sa.select(number).where(table.c.workspace_id == subject.workspace_id, text.contains(subject.email, autoescape=True))
    noun = _NOUNS.get(place.table, place.table)
    return [f"{noun} {one}" for one in connection.execute(found.order_by(number).limit(20)).scalars()]
