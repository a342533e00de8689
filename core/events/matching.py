"""What the ledger, the contacts and the link table know about a batch, read in bulk before the batch is gone through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from core.contacts.addresses import comparable, domain_of
from core.contacts.tables import contacts
from core.events.concealing import Privacy, load_privacy
from core.events.datacentres import Datacentres, shipped
from core.events.event import Drop, DropReason, Event, Found, MatchedMessage, Step
from core.events.tables import event_keys, reported_keys
from core.links.tables import links
from core.messages.keys import MessageKeys
from core.messages.tables import messages, requests
from core.storage.database import among
from core.storage.event_words import EventKind
from core.storage.tables import workspaces


@dataclass(frozen=True)
class Context:
    """What the steps look up.

    Args:
        messages: The ledger's rows by id.
        urls: Where links lead, by link id.
        contacts: Contacts that reports name by their address, by workspace and address.
        seen_keys: Keys of events that have been kept already; grows while the batch is gone through.
        seen_reports: The same for what providers report (`report_keys`).
        privacy: Which workspaces track no people.
        workspaces: Those that reports name and that exist: a journal may be newer than a database that was restored.
        recorded: Messages whose `sent` event has been kept already; grows likewise.
        datacentres: Their networks.
    """

    messages: dict[int, MatchedMessage]
    urls: dict[int, str] = field(default_factory=dict)
    contacts: dict[tuple[int, str], int] = field(default_factory=dict)
    seen_keys: set[str] = field(default_factory=set)
    seen_reports: set[int] = field(default_factory=set)
    recorded: set[int] = field(default_factory=set)
    datacentres: Datacentres = field(default_factory=shipped)
    privacy: Privacy = field(default_factory=Privacy)
    workspaces: frozenset[int] = frozenset()


def load_context(connection: sa.Connection, events: Sequence[Event], keys: MessageKeys, datacentres: Datacentres | None = None) -> Context:
    """Return what is known about a batch, with a handful of queries whatever its size.

    Args:
        connection: Reads the database.
        events: The batch; those that name a message otherwise than by its number get the number here.
        keys: Reads the keys.
        datacentres: Their networks, if not those that come with Postwright.
    """
    reported = [event for event in events if event.is_reported]
    for event in reported:
        event.message_id = _named(event, keys)
    found = _messages(connection, {event.message_id for event in events if event.message_id is not None})
    strange = [event for event in reported if not _is_ours(event, found)]
    _find_by_provider_id(connection, strange, found)
    return Context(
        messages=found,
        urls=_urls(connection, {event.link_id for event in events if event.link_id is not None}),
        contacts=_contacts(connection, [event for event in strange if event.message_id is None]),
        seen_keys=_seen(connection, events, found),
        seen_reports=_seen_reports(connection, [key for event in reported for key in event.report_keys]),
        recorded={message.id for message in found.values() if message.is_recorded},
        datacentres=datacentres or shipped(),
        privacy=load_privacy(connection),
        workspaces=_existing(connection, {event.workspace_id for event in reported}),
    )


def match(event: Event, context: Context) -> Event | Drop:
    """Find the ledger's row, and with it workspace, campaign and contact; a provider's event of other mail is kept without."""
    message = context.messages.get(event.message_id or 0)
    if message is not None and event.workspace_id in (0, message.workspace_id):
        event.message, event.message_id, event.workspace_id = message, message.id, message.workspace_id
        event.campaign_id, event.contact_id, event.variant_id = message.campaign_id, message.contact_id, message.variant_id
        event.recipient_domain = message.recipient_domain or _domain(event.recipient)
        event.told_address, event.recipient, event.found = event.recipient, None, Found.MESSAGE
    elif not event.is_reported or event.workspace_id not in context.workspaces:
        return Drop(DropReason.UNMATCHED, Step.MATCH, event.workspace_id)
    else:
        event.message_id = None
        if event.must_name_message:
            event.kind, event.bounce_class = EventKind.UNKNOWN, None
        if event.recipient:
            _match_contact(event, event.recipient, context)
    if event.link_id is not None:
        event.url = context.urls.get(event.link_id)
    return event


def scoped_key(event: Event) -> str | None:
    """Return a matched event's key made unique among workspaces and kinds, None if it has none."""
    return f"{event.workspace_id}:{event.kind}:{event.key}" if event.key else None


def _match_contact(event: Event, recipient: str, context: Context) -> None:
    address = comparable(recipient)
    event.recipient_domain = domain_of(address)
    event.contact_id = context.contacts.get((event.workspace_id, address))
    if event.contact_id is not None:
        event.contact_email, event.recipient, event.found = address, None, Found.CONTACT


def _domain(recipient: str | None) -> str | None:
    return domain_of(comparable(recipient)) if recipient else None


def _named(event: Event, keys: MessageKeys) -> int | None:
    """Return the message that a report names by our key or by the Message-ID that we made of it, None if it is none of ours."""
    named = keys.read(event.message_key) if event.message_key else None
    if named is None and event.rfc_message_id:
        named = keys.read(event.rfc_message_id.strip("<> ").partition("@")[0])
    return named


def _is_ours(event: Event, found: dict[int, MatchedMessage]) -> bool:
    """Return whether the message that a report names is its own workspace's; else the report names none."""
    message = found.get(event.message_id or 0)
    if message is not None and message.workspace_id == event.workspace_id:
        return True
    event.message_id = None
    return False


def _find_by_provider_id(connection: sa.Connection, events: Sequence[Event], found: dict[int, MatchedMessage]) -> None:
    """Number the events whose message the provider names by its own number, in their own workspace only."""
    named: dict[int, set[str]] = defaultdict(set)
    for event in events:
        if event.provider_message_id:
            named[event.workspace_id].add(event.provider_message_id)
    candidates: dict[tuple[int, str], list[MatchedMessage]] = defaultdict(list)
    column = messages.c
    for workspace_id, ids in sorted(named.items()):
        wanted = (column.workspace_id == workspace_id, column.provider_message_id.in_(among(connection, ids)))
        for row in connection.execute(_FULL.add_columns(column.provider_message_id).where(*wanted)):
            candidates[workspace_id, row[9]].append(MatchedMessage(*row[:9]))
    for event in events:
        message = _the_one(candidates.get((event.workspace_id, event.provider_message_id or ""), ()), event.recipient)
        if message is not None:
            found[message.id], event.message_id = message, message.id


def _the_one(candidates: Sequence[MatchedMessage], recipient: str | None) -> MatchedMessage | None:
    """Return the message that is meant: some providers number a whole batch of messages once, so the address decides."""
    if len(candidates) == 1:
        return candidates[0]
    address = comparable(recipient) if recipient else None
    return next((message for message in candidates if message.email == address), None) if address else None


_C = messages.c
_FULL = sa.select(
    *(_C.id, _C.workspace_id, _C.campaign_id, _C.contact_id, _C.variant_id, _C.state),
    *(_C.accepted_at, _C.recorded_at.is_not(None)),
    # A single message may have gone to somebody who is no contact.
    sa.func.coalesce(contacts.c.email, sa.func.nullif(requests.c.recipient, "")),
).select_from(messages.outerjoin(contacts, contacts.c.id == _C.contact_id).outerjoin(requests, requests.c.message_id == _C.id))


def _messages(connection: sa.Connection, ids: Collection[int]) -> dict[int, MatchedMessage]:
    if not ids:
        return {}
    rows = connection.execute(_FULL.where(_C.id.in_(among(connection, sorted(ids)))))
    return {row[0]: MatchedMessage(*row) for row in rows.all()}


def _urls(connection: sa.Connection, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    rows = connection.execute(sa.select(links.c.id, links.c.url).where(links.c.id.in_(among(connection, sorted(ids)))))
    return {row.id: row.url for row in rows}


def _contacts(connection: sa.Connection, events: Iterable[Event]) -> dict[tuple[int, str], int]:
    named: dict[int, set[str]] = defaultdict(set)
    for event in events:
        if event.recipient:
            named[event.workspace_id].add(comparable(event.recipient))
    found: dict[tuple[int, str], int] = {}
    column = contacts.c
    for workspace_id, addresses in sorted(named.items()):
        wanted = (column.workspace_id == workspace_id, column.email.in_(among(connection, addresses)))
        rows = connection.execute(sa.select(column.id, column.email).where(*wanted))
        found.update({(workspace_id, row.email): row.id for row in rows})
    return found


def _existing(connection: sa.Connection, ids: Collection[int]) -> frozenset[int]:
    return frozenset(connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id.in_(ids))).scalars()) if ids else frozenset()


def _seen(connection: sa.Connection, events: Sequence[Event], known: dict[int, MatchedMessage]) -> set[str]:
    keys: set[str] = set()
    for event in events:
        if not event.key:
            continue
        message = known.get(event.message_id or 0)
        whose = message.workspace_id if message is not None else event.workspace_id
        if whose:
            keys.add(f"{whose}:{event.kind}:{event.key}")
    return set(_present(connection, event_keys.c.key, keys))


def _seen_reports(connection: sa.Connection, keys: Sequence[int]) -> set[int]:
    return set(_present(connection, reported_keys.c.key, sorted(keys)))


def _present(connection: sa.Connection, column: sa.Column[Any], values: Collection[Any]) -> Sequence[Any]:
    return connection.execute(sa.select(column).where(column.in_(among(connection, values)))).scalars().all() if values else ()
