"""The fields a workspace keeps about its people: added, named, described, given another type, deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.attributes import AttributeType, check_name, check_room, clean_name, declare, declared, fitted
from core.contacts.changes import mark_changed, next_change
from core.contacts.tables import contact_attributes, contacts
from core.errors import Conflict, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.json_values import has_key, without_key

MAX_LABEL = 100
MAX_DESCRIPTION = 500
_CHUNK = 5_000
_field = contact_attributes.c


@dataclass(frozen=True)
class CustomField:
    """Something kept about people.

    Args:
        name: What templates and rules call it; never changes.
        label: What people read; the name where none was given.
        type: What its values are.
        description: What it means; may be empty.
        created_at: When it was added.
    """

    name: str
    label: str
    type: AttributeType
    description: str
    created_at: datetime


@dataclass(frozen=True)
class FieldUses:
    """Where a field is used: names of templates and of segments."""

    templates: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


Uses = Callable[[sa.Connection, int, str], FieldUses]


def used_nowhere(_connection: sa.Connection, _workspace_id: int, _name: str) -> FieldUses:
    """Say that a field is used nowhere."""
    return FieldUses()


class Fields:
    """Shows and changes the fields of a workspace; changing them takes somebody who sees all lists, for they are everybody's.

    Args:
        db: The database.
        clock: The time.
        uses: Tells where a field is used: templates and segments stand above this part.
    """

    def __init__(self, db: Database, clock: Clock, uses: Uses = used_nowhere) -> None:
        self._db, self._clock, self._uses = db, clock, uses

    def all(self, by: Principal) -> list[CustomField]:
        """Return the fields, by label.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            rows = connection.execute(sa.select(contact_attributes).where(_field.workspace_id == by.workspace_id)).all()
        return sorted(map(_as_field, rows), key=lambda one: (one.label.lower(), one.name))

    def get(self, by: Principal, field: str) -> CustomField:
        """Return a field.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If there is no such field.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return _read(connection, by, field)

    def uses(self, by: Principal, field: str) -> FieldUses:
        """Return where a field is used.

        Raises:
            Denied: If `by` may not see contacts, or only some lists.
            NotFound: If there is no such field.
        """
        by.require(Permission.CONTACTS_VIEW)
        by.require_all_lists()
        with self._db.read() as connection:
            _read(connection, by, field)
            return self._uses(connection, by.workspace_id, field)

    def add(self, by: Principal, label: str, type: AttributeType, description: str = "") -> CustomField:
        """Add a field; templates call it by its label in small letters ("Shoe size" is `contact.shoe_size`).

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If the label or the description can't be used, or there are too many fields.
            Conflict: If there is a field of that name.
        """
        _may_change(by)
        wanted = {"label": _line(label), "description": _described(description)}
        name = check_name(clean_name(wanted["label"]))
        with self._db.transaction() as connection:
            known = declared(connection, by.workspace_id)
            if name in known:
                raise Conflict(f"There is a field “{name}” already.", hint="Choose another name or use that field.")
            check_room(known | {name: type})
            declare(connection, by.workspace_id, {name: type}, self._clock.now())
            self._set(connection, by, name, **wanted)
            record(connection, self._clock.now(), by, AuditAction.FIELD_ADDED, f"field:{name}", after={"type": type.value})
            return _read(connection, by, name)

    def describe(self, by: Principal, field: str, label: str, description: str = "") -> CustomField:
        """Give a field another label and description; the name that templates and rules use stays.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            InvalidInput: If the label or the description can't be used.
            NotFound: If there is no such field.
        """
        _may_change(by)
        wanted = {"label": _line(label), "description": _described(description)}
        with self._db.transaction() as connection:
            before = _read(connection, by, field)
            self._set(connection, by, field, **wanted)
            told = {"label": before.label}, {"label": wanted["label"]}
            record(connection, self._clock.now(), by, AuditAction.FIELD_CHANGED, f"field:{field}", before=told[0], after=told[1])
            return _read(connection, by, field)

    def retype(self, by: Principal, field: str, type: AttributeType) -> int:
        """Give a field another type, if every value fits it, and return how many values there are.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            Conflict: If a value does not fit, or a segment asks for the field: its rules are of the old type.
            NotFound: If there is no such field.
        """
        _may_change(by)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            before = _read(connection, by, field)
            if before.type is type:
                return 0
            self._refuse_used(connection, by, field)
            converted = 0
            for rows in _with(connection, by.workspace_id, field):
                converted += _convert(connection, field, type, rows, change)
            self._set(connection, by, field, type=type.value)
            told = {"type": before.type.value}, {"type": type.value, "people": converted}
            record(connection, self._clock.now(), by, AuditAction.FIELD_CHANGED, f"field:{field}", before=told[0], after=told[1])
        return converted

    def delete(self, by: Principal, field: str) -> int:
        """Delete a field with everybody's values and return how many had one. Templates that name it show nothing there.

        Raises:
            Denied: If `by` may not edit contacts, or only sees some lists.
            Conflict: If a segment asks for it.
            NotFound: If there is no such field.
        """
        _may_change(by)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            _read(connection, by, field)
            self._refuse_used(connection, by, field)
            touched = mark_changed(connection, by.workspace_id, change, has_key(connection, contacts.c.attributes, field))
            mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.updated_seq == change)
            less = without_key(connection, contacts.c.attributes, field)
            connection.execute(sa.update(contacts).where(*mine).values(attributes=less))
            connection.execute(sa.delete(contact_attributes).where(*_this(by, field)))
            record(connection, self._clock.now(), by, AuditAction.FIELD_DELETED, f"field:{field}", after={"people": touched})
        return touched

    def _set(self, connection: sa.Connection, by: Principal, field: str, **values: str) -> None:
        connection.execute(sa.update(contact_attributes).where(*_this(by, field)).values(**values))

    def _refuse_used(self, connection: sa.Connection, by: Principal, field: str) -> None:
        if asked := self._uses(connection, by.workspace_id, field).segments:
            named = ", ".join(f"“{name}”" for name in asked[:3])
            raise Conflict(f"Segments ask for this field: {named}.", hint="Take it out of their rules first.")


def _may_change(by: Principal) -> None:
    by.require(Permission.CONTACTS_EDIT)
    by.require_all_lists()


def _this(by: Principal, field: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _field.workspace_id == by.workspace_id, _field.name == field


def _read(connection: sa.Connection, by: Principal, field: str) -> CustomField:
    row = connection.execute(sa.select(contact_attributes).where(*_this(by, field))).one_or_none()
    if row is None:
        raise NotFound("There is no such field.", hint="It may have been deleted.")
    return _as_field(row)


def _as_field(row: sa.Row[Any]) -> CustomField:
    label = row.label or row.name.replace("_", " ").capitalize()
    return CustomField(row.name, label, AttributeType(row.type), row.description, row.created_at)


def _with(connection: sa.Connection, workspace_id: int, field: str) -> Iterator[Sequence[Any]]:
    """Yield the contacts that have a value, in chunks in the order of their number."""
    last = 0
    while True:
        mine = (contacts.c.workspace_id == workspace_id, contacts.c.id > last, has_key(connection, contacts.c.attributes, field))
        wanted = sa.select(contacts.c.id, contacts.c.attributes).where(*mine).order_by(contacts.c.id).limit(_CHUNK)
        rows = connection.execute(wanted).all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _convert(connection: sa.Connection, field: str, type: AttributeType, rows: Sequence[sa.Row[Any]], change: int) -> int:
    try:
        new = [_converted(row, field, type, change) for row in rows]
    except InvalidInput as error:
        raise Conflict(f"A value of this field {_why(type)}.", hint="Change or empty such values first, or choose text.") from error
    update = sa.update(contacts).where(contacts.c.id == sa.bindparam("row_id"))
    connection.execute(update.values(attributes=sa.bindparam("new", type_=contacts.c.attributes.type), updated_seq=change), new)
    return len(new)


def _converted(row: sa.Row[Any], field: str, type: AttributeType, change: int) -> Mapping[str, object]:
    value = row.attributes[field]
    said: object = value
    if isinstance(value, bool):
        said = "true" if value else "false"
    elif isinstance(value, float) and value.is_integer():
        said = int(value)
    return {"row_id": row.id, "new": {**row.attributes, field: fitted(field, said, type)}}


def _why(type: AttributeType) -> str:
    return {
        AttributeType.NUMBER: "is not a number",
        AttributeType.BOOLEAN: "is not yes or no",
        AttributeType.DATE: "is not a date",
    }.get(type, "does not fit")


def _line(label: str) -> str:
    wanted = " ".join(label.split())
    if not wanted or len(wanted) > MAX_LABEL or not wanted.isprintable():
        raise InvalidInput("A field needs a name.", hint=f"Use 1 to {MAX_LABEL} characters on one line.")
    return wanted


def _described(text: str) -> str:
    wanted = text.strip()
    if len(wanted) > MAX_DESCRIPTION or "\0" in wanted:
        raise InvalidInput("The description is too long.", hint=f"Use at most {MAX_DESCRIPTION} characters.")
    return wanted
