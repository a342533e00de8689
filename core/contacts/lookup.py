"""Reading contacts in bulk by id, for the parts that write to them: light, and free of permission checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.contacts.consent_records import ConsentStatus
from core.contacts.tables import contacts, list_members, suppressions
from core.storage.database import among, chunked

_CHUNK = 10_000


@dataclass(frozen=True)
class Contact:
    """A person written to.

    Args:
        id: The contact's number; never used again after a deletion.
        email: The address in its one spelling.
        first_name: May be empty.
        last_name: May be empty.
        attributes: Declared attributes by name; numbers, booleans, ISO dates or text.
        consent: What the person agreed to.
        created_at: When the contact came to be.
        updated_at: When a field last changed.
    """

    id: int
    email: str
    first_name: str
    last_name: str
    attributes: Mapping[str, Any]
    consent: ConsentStatus
    created_at: datetime
    updated_at: datetime


class Addressee(NamedTuple):
    """A contact as it is read to write to many: reading the rest takes as long again.

    Args:
        id: The contact's number.
        email: The address in its one spelling.
        first_name: May be empty.
        last_name: May be empty.
        attributes: Declared attributes by name.
    """

    id: int
    email: str
    first_name: str
    last_name: str
    attributes: Mapping[str, Any]


class SkipReason(StrEnum):
    """Why somebody is not mailed.

    The first four must not be; then: chosen to get nothing, so that the others can be compared with them; has got as many campaigns
    as the workspace allows; no hour of the week is within the campaign's window and outside the quiet hours where they live.
    """

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    NOT_CONFIRMED = "not_confirmed"
    DELETED = "deleted"
    HOLDOUT = "holdout"
    FREQUENCY_CAP = "frequency_cap"
    NO_HOUR = "no_hour"


CONTACT_COLUMNS = tuple(
    contacts.c[name] for name in ("id", "email", "first_name", "last_name", "attributes", "consent", "created_at", "updated_at")
)


def what_changed(before: Contact | None, after: Contact, list_ids: Sequence[int]) -> dict[str, object]:
    """Return what saving a contact changed, for the audit log: the names of fields, never what is in them.

    Args:
        before: What was there; None for a new contact.
        after: What is there.
        list_ids: The lists they were to be put on.
    """
    fields = [name for name in ("first_name", "last_name", "consent") if (getattr(before, name) if before else "") != getattr(after, name)]
    known = before.attributes if before else {}
    fields += sorted(f"attributes.{name}" for name, value in after.attributes.items() if name not in known or known[name] != value)
    return {"is_new": before is None, "fields": fields, **({"lists": sorted(list_ids)} if list_ids else {})}


def as_contact(row: sa.Row[Any]) -> Contact:
    """Return a row of `CONTACT_COLUMNS` as a contact."""
    return Contact(
        row.id, row.email, row.first_name, row.last_name, row.attributes, ConsentStatus(row.consent), row.created_at, row.updated_at
    )


def contacts_by_id(connection: sa.Connection, workspace_id: int, ids: Sequence[int]) -> dict[int, Contact]:
    """Return the contacts with these ids; deleted and other workspaces' ones are left out."""
    found: dict[int, Contact] = {}
    for chunk in chunked(ids, _CHUNK):
        wanted = sa.select(*CONTACT_COLUMNS).where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(chunk))
        found |= {row.id: as_contact(row) for row in connection.execute(wanted)}
    return found


def mailable(connection: sa.Connection, workspace_id: int, ids: Sequence[int]) -> tuple[dict[int, Addressee], dict[int, str]]:
    """Return, of these contacts, those who may be mailed, and for the others why not.

    Only a subscribed contact may be mailed: unknown consent can't be demonstrated (GDPR art. 7(1)).
    """
    people: dict[int, Addressee] = {}
    reasons: dict[int, str] = {}
    for chunk in chunked(ids, _CHUNK):
        for *person, consent, suppressed in connection.execute(_standing(connection, workspace_id, chunk)).all():
            if (reason := _reason(consent, suppressed is not None)) is None:
                people[person[0]] = Addressee(*person)
            else:
                reasons[person[0]] = reason.value
    deleted = (each for each in ids if each not in people and each not in reasons)
    return people, reasons | dict.fromkeys(deleted, SkipReason.DELETED.value)


def skip_reasons(connection: sa.Connection, workspace_id: int, ids: Sequence[int]) -> dict[int, str]:
    """Return, for those of these contacts who must not be mailed, why; the others are not in the answer."""
    return mailable(connection, workspace_id, ids)[1]


def list_contact_ids(connection: sa.Connection, workspace_id: int, list_id: int) -> list[int]:
    """Return the ids of everybody on a list, in order."""
    member = list_members.c
    wanted = sa.select(member.contact_id).where(member.workspace_id == workspace_id, member.list_id == list_id)
    return list(connection.execute(wanted.order_by(member.contact_id)).scalars().all())  # all at once: one by one takes twice as long


def _standing(connection: sa.Connection, workspace_id: int, ids: Sequence[int]) -> sa.Select[Any]:
    same_address = sa.and_(suppressions.c.workspace_id == contacts.c.workspace_id, suppressions.c.email == contacts.c.email)
    return (
        sa.select(*(contacts.c[name] for name in Addressee._fields), contacts.c.consent, suppressions.c.id)
        .select_from(contacts.outerjoin(suppressions, same_address))
        .where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, ids)))
    )


def _reason(consent: str, suppressed: bool) -> SkipReason | None:
    if suppressed:
        return SkipReason.SUPPRESSED
    if consent == ConsentStatus.SUBSCRIBED:
        return None
    return SkipReason.UNSUBSCRIBED if consent == ConsentStatus.UNSUBSCRIBED else SkipReason.NOT_CONFIRMED
