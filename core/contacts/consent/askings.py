"""What people are asked by mail and have not answered yet: what of it a no closes, and what needs no further mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.records import ConsentStatus, has_refused_since
from core.contacts.tables import contacts, list_members, list_optouts, opt_ins, stop_marks
from core.storage.database import among, chunked

_AT_ONCE = 10_000
GOOD_FOR = timedelta(days=7)

# By these somebody asks to be asked, which they may after a no as well; by all others it is somebody else who has them asked.
_OF_THEIR_OWN = frozenset({ConsentMethod.FORM, ConsentMethod.PREFERENCES})

_o = opt_ins.c


def asked_for(connection: sa.Connection, workspace_id: int, list_id: int, now: datetime) -> set[int]:
    """Return who was asked by mail whether they want to be on a list, and may still answer."""
    still = (_o.workspace_id == workspace_id, _o.confirmed_at.is_(None), _o.expires_at > now)
    found = connection.execute(sa.select(_o.contact_id, _o.list_ids).where(*still))
    return {row.contact_id for row in found if list_id in row.list_ids}


def lists_asked_for(connection: sa.Connection, contact_id: int, now: datetime) -> set[int]:
    """Return the lists somebody was asked about and may still answer for."""
    return {list_id for row in _open(connection, contact_id, now) for list_id in row.list_ids}


def ask_no_more(connection: sa.Connection, contact_id: int, list_id: int, now: datetime) -> bool:
    """Take a list out of all that somebody was asked for; what asked for no other is closed. Return whether anything asked for it."""
    asked = [row for row in _open(connection, contact_id, now) if list_id in row.list_ids]
    for row in asked:
        others = [each for each in row.list_ids if each != list_id]
        closed = {} if others else {"expires_at": row.asked_at, "mail_due_at": None}
        connection.execute(sa.update(opt_ins).where(_o.id == row.id).values(list_ids=others, **closed))
    return bool(asked)


def answer_for(connection: sa.Connection, workspace_id: int, contact_ids: Sequence[int], list_id: int, now: datetime) -> None:
    """Ask those of these people for a list no more who are subscribed and have been put on it, because their yes can be shown."""
    asked = asked_for(connection, workspace_id, list_id, now).intersection(contact_ids)
    on = sa.exists().where(list_members.c.contact_id == contacts.c.id, list_members.c.list_id == list_id).correlate(contacts)
    for few in chunked(sorted(asked), _AT_ONCE):
        which = (contacts.c.id.in_(among(connection, few)), contacts.c.consent == ConsentStatus.SUBSCRIBED.value, on)
        for contact_id in connection.execute(sa.select(contacts.c.id).where(*which)).scalars().all():
            ask_no_more(connection, contact_id, list_id, now)


def still_asked(connection: sa.Connection, asked: sa.Row[Any], until: datetime) -> list[int] | None:
    """Return the lists of a question that nobody has refused since; None where all that it asks for is refused.

    Args:
        connection: The transaction.
        asked: The question.
        until: What was refused since this counts as well, if it is earlier than the question: an answer can be heard of late.
    """
    whose = (connection, asked.workspace_id, asked.contact_id, min(asked.asked_at, until))
    if has_refused_since(*whose):
        return None
    left = [list_id for list_id in asked.list_ids if not has_refused_since(*whose, list_id)]
    return left if left or not asked.list_ids else None


def has_unread_no(connection: sa.Connection, asked: sa.Row[Any]) -> bool:
    """Whether somebody has said no since they were asked, and nothing has read it yet."""
    marked = sa.select(stop_marks.c.contact_id).where(stop_marks.c.contact_id == asked.contact_id, stop_marks.c.since >= asked.asked_at)
    return connection.execute(marked).first() is not None


def has_just_said_no() -> sa.ColumnElement[bool]:
    """Return the condition that the contact of the enclosing statement has said no, which nothing has read yet."""
    return sa.exists().where(stop_marks.c.contact_id == contacts.c.id).correlate(contacts)


def is_asked_in_spite_of_a_no(connection: sa.Connection, asked: sa.Row[Any]) -> bool:
    """Whether others have somebody asked who has said no: to everything, or to all the lists that it is about.

    It does not matter whether the no was said before or after: one that is heard of late was not known when they were asked.
    """
    if Evidence.from_fields(asked.evidence).method in _OF_THEIR_OWN:
        return False
    refused = sa.or_(contacts.c.consent == ConsentStatus.UNSUBSCRIBED.value, has_just_said_no())
    if connection.execute(sa.select(contacts.c.id).where(contacts.c.id == asked.contact_id, refused)).first() is not None:
        return True
    left = connection.execute(sa.select(list_optouts.c.list_id).where(list_optouts.c.contact_id == asked.contact_id)).scalars()
    return bool(asked.list_ids) and set(asked.list_ids) <= set(left)


def needs_no_reminder(connection: sa.Connection, asked: sa.Row[Any], now: datetime) -> bool:
    """Whether somebody was reminded of a part of a question by another one, or has agreed to it since."""
    others = (_o.contact_id == asked.contact_id, _o.id != asked.id, _o.mails > 1, _o.asked_at > now - GOOD_FOR)
    reminded = connection.execute(sa.select(_o.list_ids).where(*others)).scalars()
    if any(_overlap(asked.list_ids, list_ids) for list_ids in reminded):
        return True
    standing = connection.execute(sa.select(contacts.c.consent).where(contacts.c.id == asked.contact_id)).scalar()
    if standing != ConsentStatus.SUBSCRIBED.value:
        return False
    on = sa.select(list_members.c.list_id).where(list_members.c.contact_id == asked.contact_id)
    return not asked.list_ids or bool(set(asked.list_ids) & set(connection.execute(on).scalars()))


def drop_other_reminders(connection: sa.Connection, asked: sa.Row[Any], after: timedelta) -> None:
    """Let the reminders of other questions be that ask for a part of the same: of two workers, one reminds.

    Args:
        connection: The transaction that takes this question's reminder.
        asked: The question.
        after: How long after it was asked a question is reminded of; what is due earlier was asked for once more.
    """
    others = (_o.contact_id == asked.contact_id, _o.id != asked.id, _o.mails > 0, _o.mail_due_at.is_not(None))
    for row in connection.execute(sa.select(opt_ins).where(*others).order_by(_o.id)).all():
        if row.mail_due_at >= row.asked_at + after and _overlap(asked.list_ids, row.list_ids):
            connection.execute(sa.update(opt_ins).where(_o.id == row.id).values(mail_due_at=None))


def _overlap(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two questions ask for a list in common, or both for none."""
    return bool(set(one) & set(other)) or not (one or other)


def _open(connection: sa.Connection, contact_id: int, now: datetime) -> Sequence[Any]:
    """Return the questions that were asked until now and wait for an answer."""
    still = (_o.contact_id == contact_id, _o.confirmed_at.is_(None), _o.asked_at <= now, _o.expires_at > now)
    return connection.execute(sa.select(_o.id, _o.list_ids, _o.asked_at).where(*still).order_by(_o.id)).all()
