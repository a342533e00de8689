"""Whose data it is: from an address, or a contact, to the rows that are about this person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from core.contacts.addresses import comparable
from core.contacts.tables import contacts
from core.messages.tables import messages, requests
from core.privacy.hashes import SubjectHashes
from core.privacy.registry import Finds, Place, table_of
from core.storage.schema import metadata


@dataclass(frozen=True)
class Subject:
    """Somebody, known or unknown.

    Args:
        workspace_id: Whose workspace.
        email: The address in its one spelling.
        contact_id: Their number, None for somebody who is no contact.
        alias_ids: Numbers they had before contacts were merged.
        message_ids: Single messages that went to the address while it was no contact's.
        hashes: The keyed hashes of the address.
    """

    workspace_id: int
    email: str
    contact_id: int | None
    alias_ids: tuple[int, ...]
    message_ids: tuple[int, ...]
    hashes: Sequence[str]

    @property
    def contact_ids(self) -> tuple[int, ...]:
        """All numbers of theirs."""
        return () if self.contact_id is None else (self.contact_id, *self.alias_ids)


def find_subject(connection: sa.Connection, workspace_id: int, email: str, hashes: SubjectHashes) -> Subject:
    """Return whose data an address stands for."""
    address = comparable(email)
    mine = sa.select(contacts.c.id).where(contacts.c.workspace_id == workspace_id, contacts.c.email == address)
    to_them = sa.select(requests.c.message_id).where(
        requests.c.workspace_id == workspace_id, sa.func.lower(requests.c.recipient) == address
    )
    ids = connection.execute(to_them.order_by(requests.c.message_id)).scalars().all()
    contact_id = connection.execute(mine).scalar()
    aliases = () if contact_id is None else _aliases(connection, workspace_id, contact_id)
    return Subject(workspace_id, address, contact_id, aliases, tuple(ids), hashes.all(workspace_id, address))


def _aliases(connection: sa.Connection, workspace_id: int, contact_id: int) -> tuple[int, ...]:
    table = metadata.tables.get("contact_aliases")
    if table is None:
        return ()
    theirs = sa.select(table.c.alias_id).where(table.c.workspace_id == workspace_id, table.c.contact_id == contact_id)
    return tuple(connection.execute(theirs.order_by(table.c.alias_id)).scalars())


def rows_of(place: Place, subject: Subject) -> sa.ColumnElement[bool] | None:
    """Return the condition of a person's rows in a place, None where there can be none."""
    table = table_of(place)
    if table is None:
        return None
    found = _found(place, table, subject)
    return None if found is None else sa.and_(table.c.workspace_id == subject.workspace_id, found)


def _found(place: Place, table: sa.Table, subject: Subject) -> sa.ColumnElement[bool] | None:
    number = table.c.id if place.finds is Finds.OWN_ID else table.c.get("contact_id")
    theirs = sa.false() if number is None else number.in_(subject.contact_ids)
    if place.finds is Finds.EMAIL:
        return table.c.email == subject.email
    if place.finds is Finds.HASH:
        return sa.or_(table.c.email_hash.in_(subject.hashes), theirs)
    if place.finds is Finds.MESSAGE:
        return sa.or_(table.c.message_id.in_(subject.message_ids), table.c.message_id.in_(_message_ids(subject)))
    if place.table == messages.name and subject.message_ids:
        return sa.or_(messages.c.id.in_(subject.message_ids), theirs)
    return theirs if subject.contact_ids else None


def _message_ids(subject: Subject) -> sa.Select[int]:
    mine = (messages.c.workspace_id == subject.workspace_id, messages.c.contact_id.in_(subject.contact_ids))
    return sa.select(messages.c.id).where(*mine)
