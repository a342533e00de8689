"""What a workspace knows about its contacts beyond the name: declared attributes, each of one type."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa

from core.contacts.tables import contact_attributes
from core.errors import Conflict, InvalidInput
from core.storage.database import insert_or_ignore

MAX_ATTRIBUTES = 100
MAX_NAME = 60
MAX_TEXT = 10_000
# A template says contact.<name>: an attribute must not stand where one of these does.
RESERVED = frozenset({"id", "email", "first_name", "last_name", "consent", "attributes", "created_at", "updated_at"})

Value = str | int | float | bool


class AttributeType(StrEnum):
    """What the values of an attribute are."""

    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


# The smallest number there is has 340 places; workbooks and Parquet write such with an exponent.
_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,400})?([eE]-[0-9]{1,3})?")
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def clean_name(name: str) -> str:
    """Return the name an attribute is kept under: `[a-z0-9_]`, a letter first, at most 60 characters; may be empty."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    joined = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")
    lettered = f"n_{joined}" if joined[:1].isdigit() else joined
    return lettered[:MAX_NAME].rstrip("_")


def check_name(name: str) -> str:
    """Return the name if an attribute can have it.

    Raises:
        InvalidInput: If it has other characters than `[a-z0-9_]` or belongs to the contact itself.
    """
    if name in RESERVED:
        raise InvalidInput(f"“{name}” is a field of every contact.", hint="Give the attribute another name.")
    if not name or clean_name(name) != name:
        suggestion = clean_name(name)
        hint = f"Try “{suggestion}”." if suggestion else "Start with a letter; use a–z, 0–9 and _."
        raise InvalidInput(f"An attribute can't be called “{name[:MAX_NAME]}”.", hint=hint)
    return name


def from_text(text: str, kind: AttributeType) -> Value:
    """Return what a text means as a value of this type.

    Raises:
        ValueError: If it does not fit; says what it should be.
    """
    if kind is AttributeType.TEXT:
        return text
    if kind is AttributeType.BOOLEAN:
        if text.lower() not in _BOOLEANS:
            raise ValueError("is not true or false")
        return _BOOLEANS[text.lower()]
    if kind is AttributeType.DATE:
        return _iso_date(text)
    if not _NUMBER.fullmatch(text):
        raise ValueError("is not a number")
    return int(text) if text.lstrip("+-").isdecimal() else float(text)


def type_of(value: object) -> AttributeType:
    """Return the type a new attribute with this first value gets.

    Raises:
        InvalidInput: If a value of this kind can't be kept.
    """
    if isinstance(value, bool):
        return AttributeType.BOOLEAN
    if isinstance(value, int | float):
        return AttributeType.NUMBER
    if isinstance(value, date):
        return AttributeType.DATE
    if isinstance(value, str):
        return AttributeType.TEXT
    raise InvalidInput("An attribute holds text, a number, true/false or a date.", hint="Leave other things out.")


def fitted(name: str, value: object, kind: AttributeType) -> Value:
    """Return a value as its attribute's type keeps it.

    Raises:
        InvalidInput: If it does not fit the declared type.
    """
    text = value.date().isoformat() if isinstance(value, datetime) else str(value).strip()
    if "\0" in text or len(text) > MAX_TEXT:
        raise InvalidInput(
            f"The attribute “{name}” is too long or holds a NUL character.", hint=f"At most {MAX_TEXT:,} characters of text."
        )
    if kind is AttributeType.NUMBER and isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < 1e15:
        return value
    try:
        return from_text(text, kind)
    except ValueError as error:
        raise InvalidInput(f"The value of “{name}” {error}.", hint=f"This attribute was declared as {kind.value}.") from error


def declared(connection: sa.Connection, workspace_id: int) -> dict[str, AttributeType]:
    """Return a workspace's attributes and their types, by name."""
    column = contact_attributes.c
    wanted = sa.select(column.name, column.type).where(column.workspace_id == workspace_id).order_by(column.name)
    return {row.name: AttributeType(row.type) for row in connection.execute(wanted)}


def declare(connection: sa.Connection, workspace_id: int, wanted: Mapping[str, AttributeType], now: datetime) -> None:
    """Declare attributes that are not yet; call it inside the transaction that writes the values.

    Raises:
        InvalidInput: If there would be more than 100.
        Conflict: If one was declared with another type in the meantime.
    """
    rows = [
        {"workspace_id": workspace_id, "name": check_name(name), "type": kind.value, "created_at": now} for name, kind in wanted.items()
    ]
    insert_or_ignore(connection, contact_attributes, rows)
    known = declared(connection, workspace_id)
    check_room(known)
    if any(known[name] is not kind for name, kind in wanted.items()):
        raise Conflict("Somebody else declared one of these attributes at the same moment.", hint="Try again.")


def check_room(names: Mapping[str, AttributeType]) -> None:
    """Do nothing if a workspace can have this many attributes.

    Raises:
        InvalidInput: If not.
    """
    if len(names) > MAX_ATTRIBUTES:
        raise InvalidInput(
            f"A workspace can have {MAX_ATTRIBUTES} attributes, this would make {len(names)}.", hint="Leave some columns out."
        )


def _iso_date(text: str) -> str:
    try:
        if len(text) == 10:  # fromisoformat also takes 20261122 and 2026-W47-7
            return date.fromisoformat(text).isoformat()
    except ValueError:
        pass
    raise ValueError("is not a date such as 2026-11-22")
