"""Joining a list that asks first: whoever is put on it by others gets a mail, and is on it once they have answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from core.clock import Clock
from core.contacts.consent.askings import asked_for, has_just_said_no
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.list_choices import has_left
from core.contacts.consent.opt_in import OptIn
from core.contacts.consent.records import ConsentStatus
from core.contacts.tables import contacts, list_members, lists
from core.errors import InvalidInput
from core.permissions import Principal
from core.storage.database import Database

_LONGEST_NAME = 200


def asks_first(connection: sa.Connection, workspace_id: int, list_ids: Sequence[int]) -> bool:
    """Return whether one of these lists asks by mail whoever is to join it."""
    asking = sa.select(lists.c.id).where(lists.c.workspace_id == workspace_id, lists.c.id.in_(list_ids), lists.c.double_opt_in)
    return bool(list_ids) and connection.execute(asking.limit(1)).first() is not None


def ask_touched(
    connection: sa.Connection,
    db: Database,
    clock: Clock,
    workspace_id: int,
    list_id: int,
    change: int,
    evidence: Evidence,
    but: Collection[int] = (),
) -> int:
    """Have everybody asked whom a change touched and who is not on a list; return how many.

    Who left the list, or unsubscribed, be it only marked, has answered already and is not asked by what others do;
    nor is, once more, who was asked for this list and may still answer.

    Args:
        connection: The caller's transaction.
        db: The database.
        clock: The time.
        workspace_id: Whose list.
        list_id: The list.
        change: The number that those carry who were touched.
        evidence: Who put them there, and how they know.
        but: Who is not to be asked, because they have answered elsewhere.
    """
    member = sa.exists().where(list_members.c.list_id == list_id, list_members.c.contact_id == contacts.c.id).correlate(contacts)
    touched = (contacts.c.workspace_id == workspace_id, contacts.c.updated_seq == change, ~member, ~has_left(list_id))
    refused = (contacts.c.consent == ConsentStatus.UNSUBSCRIBED.value, has_just_said_no())
    open_to = sa.select(contacts.c.id).where(*touched, ~sa.or_(*refused))
    asked = {*asked_for(connection, workspace_id, list_id, clock.now()), *but}
    ids = [each for each in connection.execute(open_to.order_by(contacts.c.id)).scalars() if each not in asked]
    OptIn(db, clock).ask_many(connection, workspace_id, ids, [list_id], evidence)
    return len(ids)


def ask_instead(connection: sa.Connection, db: Database, clock: Clock, by: Principal, list_id: int, change: int) -> bool:
    """Have those asked whom a change touched, where the list asks first; return whether it does. See `ask_touched`."""
    if not asks_first(connection, by.workspace_id, [list_id]):
        return False
    ask_touched(connection, db, clock, by.workspace_id, list_id, change, Evidence.of(by, f"list:{list_id}"))
    return True


def check_from_name(name: str) -> str:
    """Return a sender's name, trimmed; it may be empty.

    Raises:
        InvalidInput: If it is too long or holds control characters.
    """
    wanted = name.strip()
    if len(wanted) > _LONGEST_NAME or (wanted and not wanted.isprintable()):
        raise InvalidInput("The sender’s name can’t be used.", hint=f"Use at most {_LONGEST_NAME} characters on one line.")
    return wanted
