"""Workspaces that track no people: what somebody opened, clicked or bought is kept without whose it was.

In the person's place stands a pseudonym of the day, made with a salt that is forgotten soon after: so a day's visitors can
be counted, and nobody can tell afterwards who they were, nor whether two days had the same one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from core.clock import Clock
from core.events.chores import Guard
from core.events.event import Event
from core.events.tables import day_salts
from core.storage.database import Database, insert_or_ignore
from core.storage.event_words import EventKind
from core.storage.tables import workspaces

CONCEALED = frozenset({EventKind.OPENED, EventKind.CLICKED, EventKind.CONVERTED, EventKind.PAGE_VIEWED})
# A day is over everywhere half a day after it is in UTC; what comes later is counted with the day it came.
_KEPT = timedelta(days=2)
_EVERY = timedelta(hours=1)
_LARGEST = 2**63 - 1
_PERSONAL = (
    *("message_id", "contact_id", "contact_email", "recipient", "recipient_domain", "ip", "ip_prefix", "user_agent"),
    *("provider_event_id", "provider_message_id", "properties"),
)


@dataclass(frozen=True)
class Privacy:
    """Which workspaces track no people, and what pseudonyms are made with.

    Args:
        workspace_ids: Those workspaces.
        salts: By day (`YYYY-MM-DD`).
    """

    workspace_ids: frozenset[int] = frozenset()
    salts: Mapping[str, str] = field(default_factory=dict)


def load_privacy(connection: sa.Connection) -> Privacy:
    """Return what concealing needs to know; salts only where somebody needs them."""
    private = connection.execute(sa.select(workspaces.c.id).where(~workspaces.c.tracks_people)).scalars().all()
    if not private:
        return Privacy()
    salts = connection.execute(sa.select(day_salts.c.day, day_salts.c.salt)).all()
    return Privacy(frozenset(private), {row[0]: row[1] for row in salts})


def conceal(event: Event, privacy: Privacy) -> Event:
    """Take the person out of what somebody did in a workspace that tracks none; its effects go by the ledger, which stays."""
    if event.workspace_id not in privacy.workspace_ids or event.kind not in CONCEALED:
        return event
    event.visitor = _pseudonym(event, privacy.salts)
    if event.link_id is None:  # not from our table of links: a provider tells the address as this one person had it
        event.url = None
    for name in _PERSONAL:
        setattr(event, name, None)
    return event


def _pseudonym(event: Event, salts: Mapping[str, str]) -> int:
    """Return who that was on this day; without any salt everybody is a new one.

    Where the day's own salt is forgotten, or was never made because nothing ran that day, another does: the day is in the
    name too, so that it still tells nothing about two days.
    """
    day = f"{event.at:%Y-%m-%d}"
    salt = salts.get(day) or salts.get(f"{event.received_at:%Y-%m-%d}") or (salts[max(salts)] if salts else "")
    whose = event.message_id or event.contact_id
    if not salt or not whose:
        return event.event_id & _LARGEST
    named = f"{event.workspace_id}:{day}:{'message' if event.message_id else 'contact'}:{whose}".encode()
    return int.from_bytes(hashlib.blake2b(named, key=salt.encode(), digest_size=8).digest()) & _LARGEST


class DaySalts:
    """Once an hour: makes the salts of today and tomorrow, and forgets those of days that are over everywhere.

    Args:
        db: The database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._due_at = clock.now()

    def run(self, guard: Guard) -> None:
        """Do it, or nothing where it was done within the last hour."""
        now = self._clock.now()
        if now < self._due_at:
            return
        with self._db.transaction() as connection:
            guard(connection)
            make_salts(connection, now)
        self._due_at = now + _EVERY


def make_salts(connection: sa.Connection, now: datetime) -> None:
    """Make the salts of today and tomorrow where they are missing, and forget old ones."""
    days = [f"{now + timedelta(days=ahead):%Y-%m-%d}" for ahead in (0, 1)]
    insert_or_ignore(connection, day_salts, [{"day": day, "salt": secrets.token_hex(32)} for day in days])
    connection.execute(sa.delete(day_salts).where(day_salts.c.day < f"{now - _KEPT:%Y-%m-%d}"))
