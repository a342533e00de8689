"""Two entries of one person become one: every no of either holds, and all that proves what was said stays with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.consent.evidence import ConsentMethod, Evidence
from core.contacts.consent.records import About, ConsentStatus, add_records, close_askings, set_consent
from core.contacts.lookup import Frequency, most_seldom
from core.contacts.tables import consent_records, contacts, list_members, list_optouts, opt_ins, stop_marks
from core.storage.database import insert_or_ignore_from, insert_or_move_on

# The strictest first: somebody who said no anywhere said no, and nobody gets mail because they were merged.
_STRICTEST = (ConsentStatus.UNSUBSCRIBED, ConsentStatus.PENDING, ConsentStatus.UNKNOWN, ConsentStatus.SUBSCRIBED)


def strictest_of(stands: Iterable[ConsentStatus]) -> ConsentStatus:
    """Return where somebody stands of whom several are known."""
    return min(stands, key=_STRICTEST.index)


def unite_choices(
    connection: sa.Connection, workspace_id: int, kept_id: int, gone_ids: Sequence[int], change: int, actor: str, now: datetime
) -> None:
    """Carry over what some contacts agreed to, refused and chose, inside the caller's transaction, before they are deleted.

    Call it after the lists were united: the one who stays is off every list that one of them left.

    Args:
        connection: The caller's transaction.
        workspace_id: Whose contacts; the caller knows that all of them are there.
        kept_id: The one who stays.
        gone_ids: The others.
        change: The number of this change, from `next_change`.
        actor: Who merges them.
        now: The time.
    """
    column = contacts.c
    chosen = sa.select(column.id, column.consent, column.frequency, column.paused_until, column.do_not_sell)
    everybody = connection.execute(chosen.where(column.workspace_id == workspace_id, column.id.in_([kept_id, *gone_ids]))).all()
    strictest = strictest_of(ConsentStatus(row.consent) for row in everybody)
    often = most_seldom(*(Frequency(row.frequency) for row in everybody))
    values: dict[str, Any] = {"frequency": often.value, "do_not_sell": any(row.do_not_sell for row in everybody)}
    values |= {"paused_until": max((row.paused_until for row in everybody if row.paused_until), default=None), "updated_seq": change}
    connection.execute(sa.update(contacts).where(column.workspace_id == workspace_id, column.id == kept_id).values(values))
    close_askings(connection, gone_ids, now)  # another address does not answer for this one
    _carry_over_proofs(connection, kept_id, gone_ids)
    if any(row.id == kept_id and row.consent != strictest for row in everybody):
        add_records(connection, workspace_id, [kept_id], strictest, Evidence(ConsentMethod.MERGE, "merge", actor=actor), now, About())
        set_consent(connection, workspace_id, [kept_id], strictest, change, now)
    _carry_over_lists(connection, kept_id, gone_ids)
    if strictest is ConsentStatus.UNSUBSCRIBED:
        close_askings(connection, [kept_id], now)


def _carry_over_proofs(connection: sa.Connection, kept_id: int, gone_ids: Sequence[int]) -> None:
    """Add the records of the others once more, as those of the one who stays: records are never changed."""
    names = [each.name for each in consent_records.c if each.name not in ("id", "contact_id")]
    copied = sa.select(sa.literal(kept_id), *(consent_records.c[name] for name in names))
    theirs = copied.where(consent_records.c.contact_id.in_(gone_ids)).order_by(consent_records.c.id)
    connection.execute(sa.insert(consent_records).from_select(["contact_id", *names], theirs))
    mark = stop_marks.c
    latest = sa.select(sa.literal(kept_id).label("contact_id"), mark.workspace_id, sa.func.max(mark.since).label("since"))
    marked = latest.where(mark.contact_id.in_(gone_ids)).group_by(mark.workspace_id)
    insert_or_move_on(connection, stop_marks, "contact_id", "since", marked)
    connection.execute(sa.update(opt_ins).where(opt_ins.c.contact_id.in_(gone_ids)).values(contact_id=kept_id))


def _carry_over_lists(connection: sa.Connection, kept_id: int, gone_ids: Sequence[int]) -> None:
    column = list_optouts.c
    left = sa.select(column.list_id, sa.literal(kept_id), column.workspace_id, column.since).where(column.contact_id.in_(gone_ids))
    insert_or_ignore_from(connection, list_optouts, ["list_id", "contact_id", "workspace_id", "since"], left)
    off = sa.select(column.list_id).where(column.contact_id == kept_id)
    connection.execute(sa.delete(list_members).where(list_members.c.contact_id == kept_id, list_members.c.list_id.in_(off)))
