"""Making one contact of several who are the same person: shown first, then done for good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.changes import next_change
from core.contacts.consent.consent import ConsentStatus
from core.contacts.deleting import remove_in
from core.contacts.finding import one_contact
from core.contacts.lookup import Contact
from core.contacts.person_tables import contact_aliases, contact_notes, contact_tags, tags
from core.contacts.suppression.suppressed import first_of
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, list_members, list_optouts, lists
from core.contacts.uniting_choices import strictest_of, unite_choices
from core.contacts.visibility import is_known_elsewhere
from core.errors import Denied, InvalidInput
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore_from

MOST = 20
WHY = "unsubscribed before being merged"
_NAMES = ("first_name", "last_name")


@dataclass(frozen=True)
class MergePreview:
    """What merging would make.

    Args:
        keep: The contact that stays, with its address.
        others: Those who are merged into it.
        fields: By field ("first_name", "attributes.city"): what each contact says, by its number; empty ones are left out.
        chosen: By field: the number of the contact whose value is taken.
        lists: Names of all their lists; none that one of them left of their own will.
        tags: Names of all their tags.
        consent: Where the person will stand: the strictest of all.
        suppressed: Whether nobody may write to them.
    """

    keep: Contact
    others: tuple[Contact, ...]
    fields: Mapping[str, Mapping[int, Any]]
    chosen: Mapping[str, int]
    lists: tuple[str, ...]
    tags: tuple[str, ...]
    consent: ConsentStatus
    suppressed: bool


class Merges:
    """Merges contacts; somebody limited to some lists merges those only who are on no other list.

    Args:
        db: The database.
        clock: The time.
        suppressions: Takes the addresses nobody may write to any more.
    """

    def __init__(self, db: Database, clock: Clock, suppressions: Suppressions) -> None:
        self._db, self._clock, self._suppressions = db, clock, suppressions

    def preview(self, by: Principal, contact_id: int, contact_ids: Sequence[int]) -> MergePreview:
        """Return what merging would make; nothing is changed.

        Args:
            by: Who asks.
            contact_id: Who stays.
            contact_ids: Who is merged into them.

        Raises:
            Denied: If `by` may not edit contacts, or not one of these.
            InvalidInput: If there is nobody to merge, or too many.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.read() as connection:
            return _preview(connection, by, contact_id, contact_ids, {})

    def merge(self, by: Principal, contact_id: int, contact_ids: Sequence[int], chosen: Mapping[str, int] | None = None) -> Contact:
        """Merge contacts for good, and return what they became. Messages and events keep the numbers they have.

        Lists and tags are united, notes move, the strictest consent counts, and if one of the addresses is suppressed, so is the
        one that stays.

        Args:
            by: Who merges.
            contact_id: Who stays, with their address.
            contact_ids: Who is merged into them.
            chosen: By field, the number of the contact whose value is taken; otherwise the first that has one, from who stays on.

        Raises:
            Denied: If `by` may not edit contacts, or not one of these.
            InvalidInput: If there is nobody to merge, too many, or a field is chosen that none of them has.
            NotFound: If there is no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            plan = _preview(connection, by, contact_id, contact_ids, chosen or {})
            others = [one.id for one in plan.others]
            self._suppress(connection, by, plan)
            _unite(connection, by.workspace_id, contact_id, others)
            unite_choices(connection, by.workspace_id, contact_id, others, change, by.label, self._clock.now())
            self._alias(connection, by, contact_id, others)
            remove_in(connection, self._suppressions, by.workspace_id, change, others, WHY)
            self._set(connection, by, plan, change)
            told = {"merged": len(others), "fields": sorted(plan.fields)}
            record(connection, self._clock.now(), by, AuditAction.CONTACT_MERGED, f"contact:{contact_id}", after=told)
            return one_contact(connection, by, contact_id)

    def _suppress(self, connection: sa.Connection, by: Principal, plan: MergePreview) -> None:
        """Suppress the address that stays for the reason for which one of the others is."""
        closed = first_of(connection, by.workspace_id, [one.email for one in plan.others])
        if closed is not None:
            self._suppressions.add_in(connection, by.workspace_id, [plan.keep.email], closed.reason, "merged")

    def _alias(self, connection: sa.Connection, by: Principal, contact_id: int, others: Sequence[int]) -> None:
        column = contact_aliases.c
        moved = sa.update(contact_aliases).where(column.workspace_id == by.workspace_id, column.contact_id.in_(others))
        connection.execute(moved.values(contact_id=contact_id))  # before they are removed, and what leads to them with them
        same = {"workspace_id": by.workspace_id, "contact_id": contact_id, "merged_at": self._clock.now()}
        connection.execute(sa.insert(contact_aliases), [{"alias_id": one, **same} for one in others])

    def _set(self, connection: sa.Connection, by: Principal, plan: MergePreview, change: int) -> None:
        now = self._clock.now()
        taken = {field: plan.fields[field][whose] for field, whose in plan.chosen.items()}
        names = {name: taken.get(name, "") for name in _NAMES}
        attributes = {name.removeprefix("attributes."): value for name, value in taken.items() if name not in _NAMES}
        mine = sa.update(contacts).where(contacts.c.workspace_id == by.workspace_id, contacts.c.id == plan.keep.id)
        values = {**names, "attributes": attributes, "updated_at": now, "updated_seq": change}
        connection.execute(mine.values(**values))


def _preview(
    connection: sa.Connection, by: Principal, contact_id: int, contact_ids: Sequence[int], chosen: Mapping[str, int]
) -> MergePreview:
    others = [one for one in dict.fromkeys(contact_ids) if one != contact_id]
    if not 1 <= len(others) <= MOST:
        raise InvalidInput("Choose whom to merge.", hint=f"One to {MOST} other contacts.")
    people = [_mine(connection, by, one) for one in (contact_id, *others)]
    fields = _fields(people)
    if wrong := [field for field, whose in chosen.items() if whose not in fields.get(field, {})]:
        raise InvalidInput(f"None of them has the field “{wrong[0][:60]}” as it was chosen.", hint="Look at the preview again.")
    ids = [one.id for one in people]
    left = sa.select(list_optouts.c.list_id).where(list_optouts.c.contact_id.in_(ids))
    return MergePreview(
        people[0],
        tuple(people[1:]),
        fields,
        {field: chosen.get(field, next(iter(said))) for field, said in fields.items()},
        _named(connection, lists, list_members.c.list_id, list_members.c.contact_id, ids, lists.c.id.not_in(left)),
        _named(connection, tags, contact_tags.c.tag_id, contact_tags.c.contact_id, ids),
        strictest_of(one.consent for one in people),
        first_of(connection, by.workspace_id, [one.email for one in people]) is not None,
    )


def _mine(connection: sa.Connection, by: Principal, contact_id: int) -> Contact:
    contact = one_contact(connection, by, contact_id)
    if is_known_elsewhere(connection, by, contact_id):
        raise Denied("Others use one of these contacts too, so you can’t merge it.", hint="An admin of this workspace can.")
    return contact


def _fields(people: Sequence[Contact]) -> dict[str, dict[int, Any]]:
    """Return what each person says, by field; fields that all leave empty are left out."""
    said: dict[str, dict[int, Any]] = {}
    for one in people:
        values = {"first_name": one.first_name, "last_name": one.last_name}
        values |= {f"attributes.{name}": value for name, value in sorted(one.attributes.items())}
        for field, value in values.items():
            if value not in {"", None}:
                said.setdefault(field, {})[one.id] = value
    return said


def _named(
    connection: sa.Connection,
    table: sa.Table,
    number: sa.ColumnElement[int],
    person: sa.ColumnElement[int],
    ids: Sequence[int],
    *where: sa.ColumnElement[bool],
) -> tuple[str, ...]:
    on = sa.select(number).where(person.in_(ids))
    return tuple(connection.execute(sa.select(table.c.name).where(table.c.id.in_(on), *where).order_by(table.c.name)).scalars())


def _unite(connection: sa.Connection, workspace_id: int, keep: int, others: Sequence[int]) -> None:
    """Put who stays on the lists and under the tags of the others, and hand the notes over."""
    for table, name in ((list_members, "list_id"), (contact_tags, "tag_id")):
        theirs = sa.select(table.c[name], sa.literal(keep), table.c.workspace_id, sa.func.min(table.c.added_at))
        theirs = theirs.where(table.c.workspace_id == workspace_id, table.c.contact_id.in_(others)).group_by(
            table.c[name], table.c.workspace_id
        )
        insert_or_ignore_from(connection, table, [name, "contact_id", "workspace_id", "added_at"], theirs)
    notes = contact_notes.c
    moved = sa.update(contact_notes).where(notes.workspace_id == workspace_id, notes.contact_id.in_(others))
    connection.execute(moved.values(contact_id=keep))
