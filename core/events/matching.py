"""What the ledger and the link table know about a batch, read in bulk before the batch is gone through."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from core.contacts.tables import contacts
from core.events.event import Event, MatchedMessage
from core.events.tables import event_keys
from core.links.tables import links
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


def load_context(connection: sa.Connection, events: Sequence[Event]) -> Context:
    """Return what is known about a batch, with a handful of queries whatever its size."""
    found = _messages(connection, {event.message_id for event in events if event.message_id is not None})
    return Context(
        messages=found,
        urls=_urls(connection, {event.link_id for event in events if event.link_id is not None}),
        seen_keys=_seen(connection, events, found),
        recorded={message.id for message in found.values() if message.is_recorded},
    )


def scoped_key(event: Event, message: MatchedMessage) -> str | None:
    """Return an event's key made unique among workspaces and kinds, None if it has none."""
    return f"{message.workspace_id}:{event.kind}:{event.key}" if event.key else None


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
    with_key = [(event, known.get(event.message_id or 0)) for event in events if event.key]
    keys = {key for event, message in with_key if message is not None and (key := scoped_key(event, message))}
    found: set[str] = set()
    for chunk in chunked(sorted(keys), _IN_LIST):
        found.update(connection.execute(sa.select(event_keys.c.key).where(event_keys.c.key.in_(chunk))).scalars())
    return found
