"""A small world for the ingester: a workspace, a campaign's messages, a journal and a lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.consent.consent import Consent
from core.contacts.snapshot import ContactSnapshots
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts
from core.events.ingester import Ingester
from core.links.tables import links
from core.messages.keys import MessageKeys
from core.messages.tables import messages
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.lake import Dataset, Lake

CAMPAIGN = 7
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


@dataclass
class World:
    """What a test of the ingester works with."""

    db: Database
    clock: FrozenClock
    settings: Settings
    by: Principal
    lake: Lake
    engine: AnalyticsEngine
    writers: list[JournalWriter] = field(default_factory=list)

    def ingester(self, lake: Lake | None = None, **options: Any) -> Ingester:
        """A new one, as a restarted process has it."""
        consent, suppressions = Consent(self.db, self.clock), Suppressions(self.db, self.clock, AddressHashes(self.settings.key))
        snapshots = ContactSnapshots(self.db, self.clock, self.lake)
        journal = self.settings.journal_dir
        return Ingester(
            self.db,
            self.clock,
            lake or self.lake,
            self.engine,
            journal,
            consent,
            suppressions,
            snapshots,
            MessageKeys(self.settings.key),
            **options,
        )

    def message(self, email: str = "", *, state: str = "accepted", campaign_id: int = CAMPAIGN) -> int:
        """A contact and a message to it; returns the message's id."""
        now = self.clock.now()
        with self.db.transaction() as connection:
            number = connection.execute(sa.select(sa.func.count()).select_from(contacts)).scalar_one()
            contact = {"workspace_id": self.by.workspace_id, "email": email or f"p{number}@example.com", "attributes": {}}
            contact |= {"consent": "subscribed", "created_at": now, "updated_at": now, "updated_seq": 0}
            contact_id = connection.execute(sa.insert(contacts).values(**contact)).inserted_primary_key[0]
        return self.message_to(contact_id, state=state, campaign_id=campaign_id)

    def message_to(self, contact_id: int, *, state: str = "accepted", campaign_id: int = CAMPAIGN) -> int:
        """A message to somebody who is there already; returns its id."""
        row = {"workspace_id": self.by.workspace_id, "campaign_id": campaign_id, "contact_id": contact_id, "state": state}
        with self.db.transaction() as connection:
            added = connection.execute(sa.insert(messages).values(queued_at=self.clock.now(), **row))
            return int(added.inserted_primary_key[0])

    def link(self, url: str) -> int:
        row = {"workspace_id": self.by.workspace_id, "campaign_id": CAMPAIGN, "url": url, "created_at": self.clock.now()}
        with self.db.transaction() as connection:
            row["position"] = connection.execute(sa.select(sa.func.count()).select_from(links)).scalar_one()
            return int(connection.execute(sa.insert(links).values(**row)).inserted_primary_key[0])

    def record(self, kind: EventKind, message_id: int | None, *, at: datetime | None = None, **known: Any) -> EventRecord:
        source = known.pop("source", "receiver")
        return event_record(kind, at or self.clock.now(), source, message_id=message_id, **{"user_agent": FIREFOX, **known})

    def journal(self, *records: EventRecord) -> JournalWriter:
        """Append to a new journal file, as another process does."""
        writer = JournalWriter(self.settings.journal_dir, "test")
        self.writers.append(writer)
        writer.append(records)
        return writer

    def raw_journal(self, data: bytes, name: str = "receiver-1-abc.jsonl") -> Path:
        """A journal file that no process holds any more."""
        self.settings.journal_dir.mkdir(parents=True, exist_ok=True)
        path = self.settings.journal_dir / name
        path.write_bytes(data)
        return path

    def events(self, columns: str = "*") -> list[dict[str, Any]]:
        with self.engine.session(self.by.workspace_id) as session:
            return session.rows(f"select {columns} from events order by event_id")

    def facts(self, campaign_id: int = CAMPAIGN) -> list[dict[str, Any]]:
        with self.engine.session(self.by.workspace_id) as session:
            return session.rows("select * from facts where campaign_id = $id order by contact_id", {"id": campaign_id})

    def files(self, dataset: Dataset = Dataset.EVENTS) -> list[Any]:
        with self.db.read() as connection:
            return self.lake.files(connection, self.by.workspace_id, dataset)

    def rows(self, table: sa.Table) -> Sequence[Any]:
        with self.db.read() as connection:
            return connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all()

    def row(self, message_id: int) -> Any:
        with self.db.read() as connection:
            return connection.execute(sa.select(messages).where(messages.c.id == message_id)).one()


@pytest.fixture
def world(db: Database, clock: FrozenClock, settings: Settings, workspace: Principal) -> Iterator[World]:
    yield from _world(db, clock, settings, workspace)


@pytest.fixture
def small_world(sqlite_db: Database, clock: FrozenClock, settings: Settings, workspace: Principal) -> Iterator[World]:
    """On SQLite only, where the database makes no difference."""
    yield from _world(sqlite_db, clock, settings, workspace)


def _world(db: Database, clock: FrozenClock, settings: Settings, by: Principal) -> Iterator[World]:
    lake = Lake(settings.lake_dir, db, clock)
    made = World(db, clock, settings, by, lake, AnalyticsEngine(lake, db))
    yield made
    for writer in made.writers:
        writer.close()
