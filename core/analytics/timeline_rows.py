"""What the database knows of a person's past: messages, consent, changes, notes, suppression, where they came from."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import orjson
import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.tables import audit_log
from core.contacts.lookup import Contact
from core.contacts.person_tables import contact_aliases, contact_notes, contact_tags, tags
from core.contacts.tables import consent_records, contacts, global_suppressions, imports, list_members, lists, suppressions
from core.contacts.visibility import seen_lists, seen_records
from core.messages.tables import messages
from core.permissions import Principal


class Part(StrEnum):
    """Where a moment is told from."""

    MESSAGE = "message"
    EVENT = "event"
    CONSENT = "consent"
    CHANGE = "change"
    NOTE = "note"
    LIST = "list"
    TAG = "tag"
    SUPPRESSION = "suppression"
    ORIGIN = "origin"
    MERGE = "merge"


Told = tuple[datetime, Part, str, dict[str, Any]]
# Of what the audit log tells about contacts, what nothing else here does.
_CHANGES = (AuditAction.CONTACT_SAVED, AuditAction.CONTACT_CHANGED)


def read_parts(
    connection: sa.Connection, by: Principal, contact: Contact, numbers: Sequence[int], only: Collection[int] | None, most: int
) -> tuple[list[Told], int]:
    """Return the newest of each part, at most `most`, and how much there is in all.

    Args:
        connection: To read with.
        by: Who asks; has been let in already.
        contact: The person.
        numbers: Their number, and those of whom was merged into them.
        only: The campaigns that may be seen; None for all, and for single messages.
        most: How many of each part are enough.
    """
    told: list[Told] = []
    total = 0
    for wanted, at, part in _parts(by, contact, numbers, only):
        count = connection.execute(sa.select(sa.func.count()).select_from(wanted.subquery())).scalar_one()
        total += count
        if count:
            rows = connection.execute(wanted.order_by(sa.desc(at)).limit(most))
            told += [_told(row, part, by) for row in rows]
    return told, total


def _parts(
    by: Principal, contact: Contact, numbers: Sequence[int], only: Collection[int] | None
) -> Iterator[tuple[sa.Select[Any], sa.ColumnElement[Any], Part]]:
    """Yield a query for each part with the columns `at`, `what` and what more is told; and by what it is ordered."""
    m, proof, log, note = messages.c, consent_records.c, audit_log.c, contact_notes.c
    here = by.workspace_id
    at = sa.func.coalesce(m.accepted_at, m.queued_at, type_=m.queued_at.type)
    sent = _select(at, m.state, m.reason, m.campaign_id, m.id.label("message_id")).where(m.workspace_id == here, m.contact_id.in_(numbers))
    yield (sent if only is None else sent.where(m.campaign_id.in_(only)), at, Part.MESSAGE)
    agreed = _select(proof.occurred_at, proof.state, proof.source, proof.actor, proof.purpose, lists.c.name.label("name"))
    agreed = agreed.select_from(consent_records.outerjoin(lists, sa.and_(lists.c.id == proof.list_id, *seen_lists(by))))
    yield agreed.where(proof.workspace_id == here, proof.contact_id == contact.id, *seen_records(by)), proof.occurred_at, Part.CONSENT
    saved = _select(log.at, log.action, log.actor, log.after).where(log.workspace_id == here, log.action.in_(_CHANGES))
    yield saved.where(log.target.in_([f"contact:{one}" for one in numbers])), log.at, Part.CHANGE
    noted = _select(note.created_at, sa.literal("noted"), note.text, note.written_by.label("actor"))
    yield noted.where(note.workspace_id == here, note.contact_id == contact.id), note.created_at, Part.NOTE
    yield from _standing(by, contact)


def _standing(by: Principal, contact: Contact) -> Iterator[tuple[sa.Select[Any], sa.ColumnElement[Any], Part]]:
    """Yield what is still so, with the moment it began."""
    member, tagged, alias, no, came = list_members.c, contact_tags.c, contact_aliases.c, suppressions.c, contacts.c
    on = _select(member.added_at, sa.literal("joined"), lists.c.name).join_from(list_members, lists, lists.c.id == member.list_id)
    yield on.where(member.contact_id == contact.id, *seen_lists(by)), member.added_at, Part.LIST
    has = _select(tagged.added_at, sa.literal("tagged"), tags.c.name).join_from(contact_tags, tags, tags.c.id == tagged.tag_id)
    yield has.where(tagged.contact_id == contact.id), tagged.added_at, Part.TAG
    closed = _select(no.created_at, no.reason, no.source).where(no.workspace_id == by.workspace_id, no.email == contact.email)
    yield closed, no.created_at, Part.SUPPRESSION
    all_ = global_suppressions.c
    yield _select(all_.created_at, all_.reason, all_.source).where(all_.email == contact.email), all_.created_at, Part.SUPPRESSION
    merged = _select(alias.merged_at, sa.literal("merged"), alias.alias_id).where(alias.contact_id == contact.id)
    yield merged, alias.merged_at, Part.MERGE
    file = sa.and_(imports.c.workspace_id == came.workspace_id, came.source == "import:" + sa.cast(imports.c.id, sa.Text))
    if by.lists is not None:
        file = sa.and_(file, imports.c.list_id.in_(sorted(by.lists)))
    origin = _select(came.created_at, sa.literal("added"), came.source, imports.c.file_name.label("file"))
    origin = origin.select_from(contacts.outerjoin(imports, file))
    yield origin.where(came.workspace_id == by.workspace_id, came.id == contact.id), came.created_at, Part.ORIGIN


def _select(at: sa.ColumnElement[Any], what: sa.ColumnElement[Any], *more: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return sa.select(at.label("at"), what.label("what"), *more)


def _told(row: sa.Row[Any], part: Part, by: Principal) -> Told:
    details = {name: value for name, value in row._mapping.items() if name not in {"at", "what"} and value not in {None, ""}}
    if "after" in details:  # the audit log keeps its values as text
        details |= orjson.loads(details.pop("after"))
        if by.lists is not None and "lists" in details:
            details["lists"] = [one for one in details["lists"] if one in by.lists]
    return row.at, part, row.what, details
