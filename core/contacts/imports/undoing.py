"""Taking the last import back: what it made goes, what it changed is as before, and what something happened to since stays.

So does every no: who went had said it before the import, and would else come back with the next one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.contacts.changes import mark_changed, next_change
from core.contacts.consent.evidence import ConsentMethod
from core.contacts.consent.records import ConsentStatus, set_consent
from core.contacts.deleting import WHY
from core.contacts.imports.merging import source_of
from core.contacts.imports.models import Undone
from core.contacts.imports.states import ImportState
from core.contacts.imports.tables import import_changes
from core.contacts.imports.tags import take_tags_off
from core.contacts.person_tables import contact_notes
from core.contacts.suppression.suppression import SuppressionReason, Suppressions
from core.contacts.tables import consent_records, contact_tombstones, contacts, imports, list_members, opt_ins
from core.contacts.visibility import seen_one_by_one
from core.errors import Conflict
from core.permissions import Principal
from core.storage.database import among, chunked

_AT_ONCE = 10_000


def last_change(connection: sa.Connection, workspace_id: int) -> int | None:
    """Return the number of the last import's change, if that one can still be taken back."""
    done = (imports.c.workspace_id == workspace_id, imports.c.change.is_not(None))
    last = sa.select(imports.c.change, imports.c.state).where(*done).order_by(imports.c.change.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return row.change if row and row.state == ImportState.DONE else None


def undo(
    connection: sa.Connection, by: Principal, row: Any, used: Sequence[sa.Select[Any]], suppressions: Suppressions, now: datetime
) -> Undone:
    """Take an import back inside the caller's transaction.

    Args:
        connection: The transaction.
        by: Who takes it back.
        row: The import.
        used: Queries for the ids of contacts that stay.
        suppressions: Takes the addresses of those who go and had said no.
        now: The time.

    Raises:
        Conflict: If it is not the last one that was done.
    """
    change = next_change(connection, by.workspace_id)
    if row.change is None or row.change != last_change(connection, by.workspace_id):
        raise Conflict("Only the last import can be taken back.", hint="Delete people or correct them instead.")
    restored, left = _restore(connection, by, row, change, now)
    off_list = _take_off(connection, row, change)
    _ask_no_more(connection, row, change, now)
    take_tags_off(connection, row.workspace_id, change=change, source=source_of(row.id), moment=row.finished_at)
    removed, kept = _remove(connection, row, used, suppressions, change)
    connection.execute(sa.delete(import_changes).where(import_changes.c.import_id == row.id))
    connection.execute(sa.update(imports).where(imports.c.id == row.id).values(state=ImportState.UNDONE))
    after = {"removed": removed, "kept": kept, "restored": restored, "left": left}
    record(connection, now, by, AuditAction.IMPORT_UNDONE, f"import:{row.id}", after=after)
    return Undone(removed, kept, restored, left, off_list)


def _ask_no_more(connection: sa.Connection, row: Any, change: int, now: datetime) -> None:
    """Take back the mails that the import had asked for and nobody has answered; who is pending by them alone is unknown again.

    Who was asked by somebody else as well has a mail about that, which may still be answered, and stays pending. The questions are
    closed, not deleted: the mails that have left count among those that somebody gets in a day and in a month.
    """
    asked, column, records = opt_ins.c, contacts.c, consent_records.c
    others = (records.state == ConsentStatus.PENDING.value, records.source != source_of(row.id))
    also = sa.exists().where(records.contact_id == column.id, *others).correlate(contacts)
    still = sa.select(asked.id, asked.contact_id).where(asked.workspace_id == row.workspace_id, asked.confirmed_at.is_(None))
    mine = connection.execute(still.where(asked.evidence["source"].as_string() == source_of(row.id))).all()
    for few in chunked(mine, _AT_ONCE):
        taken_back = sa.update(opt_ins).where(asked.id.in_(among(connection, [each.id for each in few])))
        connection.execute(taken_back.values(expires_at=asked.asked_at, mail_due_at=None))
        ids = among(connection, [each.contact_id for each in few])
        known = sa.select(column.id).where(column.id.in_(ids), column.source != source_of(row.id), ~also)
        pending = known.where(column.consent == ConsentStatus.PENDING.value)
        set_consent(connection, row.workspace_id, list(connection.execute(pending).scalars()), ConsentStatus.UNKNOWN, change, now)


def _remove(
    connection: sa.Connection, row: Any, used: Sequence[sa.Select[Any]], suppressions: Suppressions, change: int
) -> tuple[int, int]:
    """Delete the contacts that the import made and nothing happened to since; return how many went and how many stay."""
    column, records, source = contacts.c, consent_records.c, source_of(row.id)
    made = (column.workspace_id == row.workspace_id, column.source == source)
    # Whatever happens to a contact gives it the number of its change; a record of consent may leave the contact as it is.
    # What another tool knew of them came with the import itself.
    since = (records.source != source, records.method != ConsentMethod.MOVE_IN.value)
    said = sa.exists().where(records.contact_id == column.id, *since).correlate(contacts)
    noted = sa.select(contact_notes.c.contact_id).where(contact_notes.c.workspace_id == row.workspace_id)
    alone = (*made, column.updated_seq == row.change, ~said, *(column.id.not_in(query) for query in (noted, *used)))
    gone = sa.select(column.workspace_id, column.id, sa.literal(change)).where(*alone)
    there = connection.execute(sa.select(sa.func.count()).select_from(contacts).where(*made)).scalar_one()
    connection.execute(sa.insert(contact_tombstones).from_select(["workspace_id", "contact_id", "updated_seq"], gone))
    new = (contact_tombstones.c.workspace_id == row.workspace_id, contact_tombstones.c.updated_seq == change)
    ids = sa.select(contact_tombstones.c.contact_id).where(*new)
    said_no = sa.select(column.email).where(column.id.in_(ids), column.consent == ConsentStatus.UNSUBSCRIBED.value)
    suppressions.add_in(connection, row.workspace_id, connection.execute(said_no).scalars(), SuppressionReason.MANUAL, WHY)
    # What was recorded about their consent stays, under numbers that lead to nobody any more, as it does of people who are deleted.
    connection.execute(sa.delete(list_members).where(list_members.c.contact_id.in_(ids)))
    removed = connection.execute(sa.delete(contacts).where(column.workspace_id == row.workspace_id, column.id.in_(ids))).rowcount
    return removed, there - removed


def _restore(connection: sa.Connection, by: Principal, row: Any, change: int, now: datetime) -> tuple[int, int]:
    """Give known contacts back what they had; return how many are as before and how many keep something that was changed since."""
    column, restored, left, after = contacts.c, 0, 0, 0
    wanted = sa.select(import_changes.c.fields, column.id, column.first_name, column.last_name, column.attributes)
    wanted = wanted.join_from(import_changes, contacts, import_changes.c.contact_id == column.id)
    wanted = wanted.where(*seen_one_by_one(by)).order_by(column.id).limit(_AT_ONCE)
    values: dict[str, Any] = {name: sa.bindparam(name) for name in ("first_name", "last_name", "attributes")}
    statement = sa.update(contacts).where(column.id == sa.bindparam("contact_id")).values(**values, updated_at=now, updated_seq=change)
    while found := connection.execute(wanted.where(import_changes.c.import_id == row.id, column.id > after)).all():
        after = found[-1].id
        given = [_before(person) for person in found]
        if changed := [values for values, _ in given if values]:
            connection.execute(statement, changed)
        left += sum(not is_whole for _, is_whole in given)
        restored += sum(is_whole for _, is_whole in given)
    return restored, left


def _before(person: Any) -> tuple[Mapping[str, Any] | None, bool]:
    """Return the values a contact gets back, if any, and whether none of them was changed since."""
    names = {"first_name": person.first_name, "last_name": person.last_name}
    attributes, given = dict(person.attributes), 0
    for field, (old, new) in person.fields.items():
        name = field.removeprefix("attribute.")
        place: dict[str, Any] = attributes if field.startswith("attribute.") else names
        if place.get(name) != new:
            continue
        given += 1
        if old is None:
            del place[name]
        else:
            place[name] = old
    values = {"contact_id": person.id, **names, "attributes": attributes} if given else None
    return values, given == len(person.fields)


def _take_off(connection: sa.Connection, row: Any, change: int) -> int:
    """Take known contacts off the list who came onto it by the import, unless they agreed to something since."""
    if row.list_id is None:
        return 0
    member, records, column = list_members.c, consent_records.c, contacts.c
    said = sa.exists().where(records.contact_id == member.contact_id, records.occurred_at > row.finished_at).correlate(list_members)
    known = sa.exists().where(column.id == member.contact_id, column.source != source_of(row.id)).correlate(list_members)
    # The import's moment, to the microsecond, is the moment of everybody it put on the list, and of nobody else.
    here = (member.list_id == row.list_id, member.workspace_id == row.workspace_id, member.added_at == row.finished_at, known, ~said)
    mark_changed(connection, row.workspace_id, change, column.id.in_(sa.select(member.contact_id).where(*here)))
    return connection.execute(sa.delete(list_members).where(*here)).rowcount
