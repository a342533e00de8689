"""Finding contacts, on a connection that is already open, as far as the one who asks may see them."""

from __future__ import annotations

import sqlalchemy as sa

from core.contacts.lookup import CONTACT_COLUMNS, Contact, as_contact
from core.contacts.tables import contacts
from core.contacts.visibility import seen_one_by_one
from core.errors import NotFound
from core.permissions import Principal


def find_contact(connection: sa.Connection, workspace_id: int, address: str, *seen: sa.ColumnElement[bool]) -> Contact | None:
    """Return the contact of an address in its one spelling, if it meets the conditions, or None."""
    wanted = sa.select(*CONTACT_COLUMNS).where(contacts.c.workspace_id == workspace_id, contacts.c.email == address, *seen)
    row = connection.execute(wanted).one_or_none()
    return None if row is None else as_contact(row)


def one_contact(connection: sa.Connection, by: Principal, contact_id: int) -> Contact:
    """Return a contact that `by` may see.

    Raises:
        NotFound: If there is none of this number.
    """
    mine = (contacts.c.workspace_id == by.workspace_id, contacts.c.id == contact_id, *seen_one_by_one(by))
    row = connection.execute(sa.select(*CONTACT_COLUMNS).where(*mine)).one_or_none()
    if row is None:
        raise NotFound("There is no such contact.")
    return as_contact(row)
