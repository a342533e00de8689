"""What the ledger and the link table know about a batch, read in bulk before the batch is gone through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.events.event import Drop, DropReason, Event, MatchedMessage, Step
from core.events.tables import event_keys
from core.links.tables import links
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.storage.database import chunked

_IN_LIST = 10_000


@dataclass(frozen=True)
class Context:
    """What the steps look up.

    Args:
        messages: The ledger's rows by id.
        urls: Where links lead, by link id.
        seen_keys: Keys of events that have been kept already; grows while the batch is gone through.
        recorded: Messages whose `sent` event has been kept already; grows likewise.
    """

    messages: dict[int, MatchedMessage]
    urls: dict[int, str] = field(default_factory=dict)
    seen_keys: set[str] = field(default_factory=set)
    recorded: set[int] = field(default_factory=set)


def load_context(connection: sa.Connection, events: Sequence[Event], keys: MessageKeys) -> Context:
    """Return what is known about a batch, with a handful of queries whatever its size.

    Args:
        connection: Reads the database.
        events: The batch; those that name a message by its key get its number here.
        keys: Reads the keys.
    """
    for event in events:
        if event.message_key and event.message_id is None:
            event.message_id = keys.read(event.message_key)
    found = _messages(connection, {event.message_id for event in events if event.message_id is not None})
    return Context(
        messages=found,
        urls=_urls(connection, {event.link_id for event in events if event.link_id is not None}),
        seen_keys=_seen(connection, events, found),
        recorded={message.id for message in found.values() if message.is_recorded},
    )


def match(event: Event, context: Context) -> Event | Drop:
    """Find the ledger's row, and with it workspace, campaign and contact; a provider's event of other mail is kept without."""
    message = context.messages.get(event.message_id or 0)
    if message is None and not event.workspace_id:
        return Drop(DropReason.UNMATCHED, Step.MATCH)
    if message is not None:
        if event.workspace_id not in (0, message.workspace_id):
            return Drop(DropReason.UNMATCHED, Step.MATCH, event.workspace_id)
        event.message, event.message_id, event.workspace_id = message, message.id, message.workspace_id
        event.campaign_id, event.contact_id, event.variant_id = message.campaign_id, message.contact_id, message.variant_id
        event.recipient, event.recipient_domain = None, message.recipient_domain
    elif event.recipient:
        event.recipient_domain = event.recipient.rpartition("@")[2].lower()
    if event.link_id is not None:
        event.url = context.urls.get(event.link_id)
    return event


def scoped_key(event: Event) -> str | None:
    """Return a matched event's key made unique among workspaces and kinds, None if it has none."""
    return f"{event.workspace_id}:{event.kind}:{event.key}" if event.key else None


def _messages(connection: sa.Connection, ids: Iterable[int]) -> dict[int, MatchedMessage]:
    column = messages.c
    known = (column.workspace_id, column.campaign_id, column.contact_id, column.variant_id, column.state)
    done = (column.accepted_at.is_not(None), column.recorded_at.is_not(None))
    joined = messages.outerjoin(contacts, contacts.c.id == column.contact_id)
    statement = sa.select(column.id, *known, *done, contacts.c.email).select_from(joined)
    found: dict[int, MatchedMessage] = {}
    for chunk in chunked(sorted(ids), _IN_LIST):
        for row in connection.execute(statement.where(column.id.in_(chunk))):
            found[row[0]] = MatchedMessage(row[0], row[1], row[2], row[3], row[4], row[5], bool(row[6]), bool(row[7]), row[8])
    return found


def _urls(connection: sa.Connection, ids: Iterable[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    for chunk in chunked(sorted(ids), _IN_LIST):
        rows = connection.execute(sa.select(links.c.id, links.c.url).where(links.c.id.in_(chunk)))
        found.update((row.id, row.url) for row in rows)
    return found


def _seen(connection: sa.Connection, events: Sequence[Event], known: dict[int, MatchedMessage]) -> set[str]:
    keys: set[str] = set()
    for event in events:
        message = known.get(event.message_id or 0)
        whose = message.workspace_id if message is not None else event.workspace_id
        if event.key and whose:
            keys.add(f"{whose}:{event.kind}:{event.key}")
    found: set[str] = set()
    for chunk in chunked(sorted(keys), _IN_LIST):
        found.update(connection.execute(sa.select(event_keys.c.key).where(event_keys.c.key.in_(chunk))).scalars())
    return found
