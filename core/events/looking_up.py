"""Finding single events: by their number, their message, the provider's names for them, or somebody's address."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from core.contacts.addresses import comparable
from core.contacts.tables import contacts
from core.events.raw_lines import shortened
from core.messages.keys import MessageKeys
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine

FOUND_AT_MOST = 50
_LONGEST = 500
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class FoundEvent:
    """An event as the lake has it.

    Args:
        event_id: Its number.
        kind: What happened.
        occurred_at: When.
        received_at: When we heard of it.
        message_id: The message, if it is one of ours.
        campaign_id: Its campaign.
        contact_id: Who it went to.
        recipient: The address a provider named, where no contact matches.
        provider: Which kind of provider told; None for what Postwright saw itself.
        provider_event_id: The provider's name of the event.
        provider_message_id: The provider's name of the message.
        actor: Who did it.
        actor_reason: Why we think so.
        signals: What judging has seen.
        bounce_class: What a bounce says about the address.
        reason: Why, in the provider's words.
        url: Where the clicked link leads.
        client: The program.
        device: The device.
        ip_prefix: The network that asked.
        user_agent: What it called itself.
        value: What a conversion was worth.
        currency: In which currency.
        address: The contact's address now, or the recipient; "" where neither is known.
    """

    event_id: int
    kind: str
    occurred_at: datetime
    received_at: datetime
    message_id: int | None
    campaign_id: int | None
    contact_id: int | None
    recipient: str | None
    provider: str | None
    provider_event_id: str | None
    provider_message_id: str | None
    actor: str | None
    actor_reason: str | None
    signals: str | None
    bounce_class: str | None
    reason: str | None
    url: str | None
    client: str | None
    device: str | None
    ip_prefix: str | None
    user_agent: str | None
    value: float | None
    currency: str | None
    address: str = ""


_COLUMNS = ", ".join(field.name for field in fields(FoundEvent) if field.name != "address")
_FIND = f"""
    select {_COLUMNS} from events
    where event_id = $number or message_id in ($number, $message) or contact_id = $contact or lower(recipient) = $address
        or provider_event_id = $word or provider_message_id = $word
    order by received_at desc, event_id limit {FOUND_AT_MOST}
"""


def look_up(db: Database, engine: AnalyticsEngine, keys: MessageKeys, workspace_id: int, words: str) -> list[FoundEvent]:
    """Return a workspace's events that go by these words, newest first, at most `FOUND_AT_MOST`.

    Args:
        db: Knows the contacts.
        engine: Reads the lake.
        keys: Reads message keys.
        workspace_id: Whose events.
        words: The number or key of an event or a message, a provider's name of one, or an address.
    """
    word = words.strip()[:_LONGEST]
    if not word:
        return []
    number = int(word) if word.isascii() and word.isdigit() and int(word) <= _LARGEST else None
    address = comparable(word) if "@" in word else None
    values: dict[str, Any] = {"number": number, "message": keys.read(word), "word": word, "address": address}
    values["contact"] = _contact(db, workspace_id, address) if address else None
    with engine.session(workspace_id) as session:
        rows = session.rows(_FIND, values)
    return _with_addresses(db, workspace_id, rows)


def find(db: Database, engine: AnalyticsEngine, workspace_id: int, event_id: int) -> FoundEvent | None:
    """Return one event of a workspace, None if it has no such event."""
    with engine.session(workspace_id) as session:
        rows = session.rows(f"select {_COLUMNS} from events where event_id = $id limit 1", {"id": event_id})
    return next(iter(_with_addresses(db, workspace_id, rows)), None)


def _contact(db: Database, workspace_id: int, address: str) -> int | None:
    with db.read() as connection:
        wanted = sa.select(contacts.c.id).where(contacts.c.workspace_id == workspace_id, contacts.c.email == address)
        return connection.execute(wanted).scalar_one_or_none()


def _with_addresses(db: Database, workspace_id: int, rows: list[dict[str, Any]]) -> list[FoundEvent]:
    ids = {row["contact_id"] for row in rows if row["contact_id"] is not None}
    with db.read() as connection:
        wanted = sa.select(contacts.c.id, contacts.c.email).where(contacts.c.workspace_id == workspace_id, contacts.c.id.in_(ids))
        known = {row.id: row.email for row in connection.execute(wanted)}
    return [
        FoundEvent(**row | {"reason": shortened(row["reason"])}, address=known.get(row["contact_id"]) or row["recipient"] or "")
        for row in rows
    ]
