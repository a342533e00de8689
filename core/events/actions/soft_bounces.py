"""Soft bounces: one says nothing about an address; five campaigns over a week or more say that nobody reads there.

The rule suppresses after soft bounces in `CAMPAIGNS` different campaigns that lie at least `SPAN` apart. A delivery, or an
open or click by a person, shows that the mailbox is in reach again, and what bounced before counts no more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.contacts.suppression.suppression import SuppressionReason
from core.contacts.tables import contacts
from core.events.actions.means import Means
from core.events.event import Event
from core.events.tables import soft_bounces
from core.storage.database import chunked, insert_or_ignore
from core.storage.event_words import Actor, BounceClass, EventKind

CAMPAIGNS = 5
SPAN = timedelta(days=7)
_IN_LIST = 10_000
_COLUMNS = ("workspace_id", "contact_id", "campaign_id", "at")
_PEOPLE = frozenset({Actor.HUMAN.value, Actor.PROXY.value})  # a proxy fetches because a person opened
_READ = frozenset({EventKind.OPENED, EventKind.CLICKED})


def weigh_soft_bounces(connection: sa.Connection, events: Sequence[Event], means: Means) -> None:
    """Note a batch's soft bounces, forget those of people whose mailbox is in reach, and suppress whoever has had too many."""
    soft = [event for event in events if _is_soft(event) and event.contact_id and event.campaign_id]
    insert_or_ignore(connection, soft_bounces, [{name: getattr(event, name) for name in _COLUMNS} for event in soft])
    _forget(connection, events)
    bounced: dict[int, set[int]] = defaultdict(set)
    for event in soft:
        bounced[event.workspace_id].add(event.contact_id or 0)
    for workspace_id, contact_ids in sorted(bounced.items()):
        gone = _out_of_reach(connection, contact_ids)
        means.suppressions.add_in(connection, workspace_id, gone.values(), SuppressionReason.SOFT_BOUNCE, "event:bounced")
        # Somebody may lift the suppression: then counting begins anew.
        for chunk in chunked(sorted(gone), _IN_LIST):
            connection.execute(sa.delete(soft_bounces).where(soft_bounces.c.contact_id.in_(chunk)))


def _forget(connection: sa.Connection, events: Sequence[Event]) -> None:
    reached: dict[int, datetime] = {}
    for event in events:
        if event.contact_id is not None and _is_reached(event):
            reached[event.contact_id] = max(event.at, reached.get(event.contact_id, event.at))
    column = soft_bounces.c
    if not reached or connection.execute(sa.select(column.contact_id).limit(1)).first() is None:
        return  # nearly always: opens need not be looked up one by one
    for chunk in chunked(sorted(reached), _IN_LIST):
        bounced = connection.execute(sa.select(column.contact_id, column.campaign_id, column.at).where(column.contact_id.in_(chunk))).all()
        over = [{"the_contact": row[0], "the_campaign": row[1]} for row in bounced if row[2] <= reached[row[0]]]
        if over:
            one = sa.and_(column.contact_id == sa.bindparam("the_contact"), column.campaign_id == sa.bindparam("the_campaign"))
            connection.execute(sa.delete(soft_bounces).where(one), over)


def _is_soft(event: Event) -> bool:
    """Return whether a message came back for now; one that is only late may still arrive, whatever its report calls it."""
    return event.kind is EventKind.BOUNCED and event.bounce_class == BounceClass.SOFT


def _is_reached(event: Event) -> bool:
    return event.kind is EventKind.DELIVERED or (event.kind in _READ and event.actor in _PEOPLE)


def _out_of_reach(connection: sa.Connection, contact_ids: Iterable[int]) -> dict[int, str]:
    """Return those who have had too many, with their addresses."""
    column, found = soft_bounces.c, {}
    first, last = sa.func.min(column.at), sa.func.max(column.at)
    counted = sa.select(contacts.c.id, contacts.c.email, first, last).join_from(soft_bounces, contacts, contacts.c.id == column.contact_id)
    counted = counted.group_by(contacts.c.id, contacts.c.email).having(sa.func.count() >= CAMPAIGNS)
    for chunk in chunked(sorted(contact_ids), _IN_LIST):
        rows = connection.execute(counted.where(column.contact_id.in_(chunk))).all()
        found.update({contact_id: email for contact_id, email, begun, ended in rows if ended - begun >= SPAN})
    return found
