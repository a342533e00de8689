"""Everything known about one person, and changing it field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.aliases import survivor_of
from core.contacts.attributes import Value, declared, fitted
from core.contacts.changes import next_change
from core.contacts.finding import one_contact
from core.contacts.lookup import Contact
from core.contacts.person_names import check_person_name
from core.contacts.person_tables import contact_aliases, contact_tags, tags
from core.contacts.suppression.suppressed import SuppressionReason, first_of
from core.contacts.tables import contacts, list_members, lists
from core.contacts.visibility import seen_lists
from core.errors import InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database


@dataclass(frozen=True)
class OnList:
    """A list somebody is on."""

    id: int
    name: str
    since: datetime


@dataclass(frozen=True)
class Suppressed:
    """Why nobody may write to an address, and since when; and whether that holds for the whole installation."""

    reason: SuppressionReason
    source: str
    since: datetime
    is_everywhere: bool = False


@dataclass(frozen=True)
class Profile:
    """A person.

    Args:
        contact: Who.
        source: Where they came from ("import:7", "form:3", "manual").
        lists: The lists they are on, as far as whoever asks may see them.
        tags: Names of tags by number, in order.
        suppressed: Why nobody may write to them; None where they may be written to.
        merged: The numbers of contacts that were merged into this one.
    """

    contact: Contact
    source: str
    lists: tuple[OnList, ...]
    tags: Mapping[int, str]
    suppressed: Suppressed | None
    merged: tuple[int, ...]


class Profiles:
    """Shows and changes people; somebody limited to some lists sees and changes those on them only.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def get(self, by: Principal, contact_id: int) -> Profile:
        """Return a person; the number of somebody who was merged into another leads to that one.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            contact = one_contact(connection, by, survivor_of(connection, by.workspace_id, contact_id))
            return _profile(connection, by, contact)

    def change(self, by: Principal, contact_id: int, *, first_name: str, last_name: str, attributes: Mapping[str, object]) -> Contact:
        """Set somebody's names and fields to exactly what is given: empty text and None take a field away; other fields stay.

        Args:
            by: Who changes.
            contact_id: Who is changed.
            first_name: May be empty.
            last_name: May be empty.
            attributes: Values by the name of a declared field.

        Raises:
            Denied: If `by` may not edit contacts.
            InvalidInput: If a name or a value can't be used, or there is no such field.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        names = {"first_name": check_person_name(first_name), "last_name": check_person_name(last_name)}
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            before = one_contact(connection, by, contact_id)
            values = _values(connection, by.workspace_id, attributes)
            kept = {name: value for name, value in before.attributes.items() if name not in attributes}
            after: dict[str, object] = {**names, "attributes": kept | values}
            changed = _changed(before, names, kept | values)
            if changed:
                mine = sa.update(contacts).where(contacts.c.workspace_id == by.workspace_id, contacts.c.id == contact_id)
                now = self._clock.now()
                connection.execute(mine.values(**after, updated_at=now, updated_seq=change))
                record(connection, now, by, AuditAction.CONTACT_CHANGED, f"contact:{contact_id}", after={"fields": changed})
            return one_contact(connection, by, contact_id)


def _values(connection: sa.Connection, workspace_id: int, given: Mapping[str, object]) -> dict[str, Value]:
    known = declared(connection, workspace_id)
    if unknown := sorted(set(given) - set(known)):
        raise InvalidInput(f"There is no field “{unknown[0][:60]}”.", hint="Add it under Fields first.")
    return {name: fitted(name, value, known[name]) for name, value in given.items() if value is not None and value != ""}


def _changed(before: Contact, names: Mapping[str, str], attributes: Mapping[str, Value]) -> list[str]:
    """Return the names of the fields that are not what they were."""
    fields = [name for name, text in names.items() if getattr(before, name) != text]
    every = sorted({*before.attributes, *attributes})
    return fields + [f"attributes.{name}" for name in every if before.attributes.get(name) != attributes.get(name)]


def _profile(connection: sa.Connection, by: Principal, contact: Contact) -> Profile:
    member, tagged, alias = list_members.c, contact_tags.c, contact_aliases.c
    on = sa.select(lists.c.id, lists.c.name, member.added_at).join_from(list_members, lists, lists.c.id == member.list_id)
    on = on.where(member.contact_id == contact.id, *seen_lists(by)).order_by(lists.c.name)
    has = sa.select(tags.c.id, tags.c.name).join_from(contact_tags, tags, tags.c.id == tagged.tag_id)
    has = has.where(tagged.contact_id == contact.id).order_by(tags.c.name_key)
    closed = first_of(connection, by.workspace_id, [contact.email])
    merged = sa.select(alias.alias_id).where(alias.contact_id == contact.id).order_by(alias.alias_id)
    return Profile(
        contact,
        connection.execute(sa.select(contacts.c.source).where(contacts.c.id == contact.id)).scalar_one(),
        tuple(OnList(row.id, row.name, row.added_at) for row in connection.execute(on)),
        {row.id: row.name for row in connection.execute(has)},
        Suppressed(closed.reason, closed.source, closed.created_at, closed.is_everywhere) if closed else None,
        tuple(connection.execute(merged).scalars()),
    )
