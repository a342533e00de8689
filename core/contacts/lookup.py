"""Reading contacts in bulk by id, for the parts that write to them: light, and free of permission checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from core.contacts.consent.records import ConsentStatus
from core.contacts.suppression.suppressed import suppressing
from core.contacts.tables import contacts, global_suppressions, list_members, stop_marks, suppressions
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
    as the workspace allows; no hour of the week is within the campaign's window and outside the quiet hours where they live; wants
    none for a while; wants them less often.
    """

    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    NOT_CONFIRMED = "not_confirmed"
    DELETED = "deleted"
    HOLDOUT = "holdout"
    FREQUENCY_CAP = "frequency_cap"
    NO_HOUR = "no_hour"
    PAUSED = "paused"
    LESS_OFTEN = "less_often"


class Frequency(StrEnum):
    """How often somebody wants to be written to."""

    ALL = "all"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


# So many days hold one campaign at most for whoever wants them less often.
EVERY_DAYS = {Frequency.WEEKLY: 7, Frequency.MONTHLY: 30}


def most_seldom(*each: Frequency) -> Frequency:
    """Return which of these is the least mail."""
    return max(each, key=lambda one: EVERY_DAYS.get(one, 0))


class Mailable(NamedTuple):
    """Who of some contacts may be mailed.

    Args:
        people: Those who may, by number.
        reasons: Why the others may not, by number.
        seldom: How often those want mail who may be mailed and don't want all of it.
    """

    people: dict[int, Addressee]
    reasons: dict[int, str]
    seldom: dict[int, Frequency]


class Barring(NamedTuple):
    """Why somebody must not be mailed.

    Args:
        why: The `SkipReason`, as a column that is null for who may.
        suppressed_for: Why their address is suppressed, as a column that is null where it is not.
        told_from: The tables these are told from.
    """

    why: sa.Case[str | None]
    suppressed_for: sa.ColumnElement[str | None]
    told_from: sa.FromClause


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


def mailable(connection: sa.Connection, workspace_id: int, ids: Sequence[int], now: datetime | None = None) -> Mailable:
    """Return, of these contacts, those who may be mailed, and for the others why not.

    Only a subscribed contact may be mailed: unknown consent can't be demonstrated (GDPR art. 7(1)).

    Args:
        connection: An open connection.
        workspace_id: Whose contacts.
        ids: Which.
        now: The time, where it is about this moment: then those are left out who want no mail for a while.
    """
    found = Mailable({}, {}, {})
    for chunk in chunked(ids, _CHUNK):
        for *person, standing, frequency in connection.execute(_standing(connection, workspace_id, chunk, now)).all():
            if standing is None:
                found.people[person[0]] = Addressee(*person)
                if frequency != Frequency.ALL:
                    found.seldom[person[0]] = Frequency(frequency)
            else:
                found.reasons[person[0]] = standing
    deleted = (each for each in ids if each not in found.people and each not in found.reasons)
    found.reasons.update(dict.fromkeys(deleted, SkipReason.DELETED.value))
    return found


def list_contact_ids(connection: sa.Connection, workspace_id: int, list_id: int) -> list[int]:
    """Return the ids of everybody on a list, in order."""
    member = list_members.c
    wanted = sa.select(member.contact_id).where(member.workspace_id == workspace_id, member.list_id == list_id)
    return list(connection.execute(wanted.order_by(member.contact_id)).scalars().all())  # all at once: one by one takes twice as long


def barring(
    from_: sa.FromClause,
    now: datetime | None = None,
    *,
    workspace_id: sa.ColumnElement[int] = contacts.c.workspace_id,
    email: sa.ColumnElement[str] = contacts.c.email,
    needs_consent: bool = True,
) -> Barring:
    """Return why mail must not go to somebody: the one rule of whom it may go to, whatever kind of mail it is.

    Hashes of addresses that were erased are known to `AddressHashes.reasons` only; who makes a contact puts its address back.

    Args:
        from_: Contacts, or what they were joined to: one join after the other, because SQLite copies out what stands in brackets.
        now: The time, where it is about this moment.
        workspace_id: Whose mail it is, where that may be to somebody who is no contact.
        email: The address, where it may be of somebody who is no contact.
        needs_consent: Whether it may go to those only who have said yes; not so for what asks them, and for receipts.
    """
    here, everywhere = suppressing(workspace_id, email)
    joined = from_.outerjoin(suppressions, here).outerjoin(global_suppressions, everywhere)
    reason = sa.func.coalesce(suppressions.c.reason, global_suppressions.c.reason)
    is_suppressed = sa.or_(suppressions.c.id.isnot(None), global_suppressions.c.id.isnot(None))
    why = [(is_suppressed, _word(SkipReason.SUPPRESSED))]
    if needs_consent:
        joined = joined.outerjoin(stop_marks, stop_marks.c.contact_id == contacts.c.id)
        consent = contacts.c.consent
        said_no = sa.or_(stop_marks.c.contact_id.isnot(None), consent == ConsentStatus.UNSUBSCRIBED.value)
        why.append((said_no, _word(SkipReason.UNSUBSCRIBED)))
        why.append((consent != ConsentStatus.SUBSCRIBED.value, _word(SkipReason.NOT_CONFIRMED)))
    if now is not None:
        why.append((contacts.c.paused_until > now, _word(SkipReason.PAUSED)))
    return Barring(sa.case(*why, else_=sa.null()), reason, joined)


def _word(reason: SkipReason) -> sa.ColumnElement[str]:
    return sa.literal_column(f"'{reason.value}'")


def _standing(connection: sa.Connection, workspace_id: int, ids: Sequence[int], now: datetime | None) -> sa.Select[Any]:
    barred = barring(contacts, now)
    return (
        sa.select(*(contacts.c[name] for name in Addressee._fields), barred.why, contacts.c.frequency)
        .select_from(barred.told_from)
        .where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(among(connection, ids)))
    )
