"""Somebody about whom there is something in every place there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

import core.api.tables  # noqa: F401 - so that every table is looked through
from core.app import Services, build
from core.campaigns.models import Audience
from core.clock import FrozenClock
from core.contacts.consent.evidence import Evidence
from core.events.tables import sender_alerts, soft_bounces
from core.jobs.delivering import drain
from core.messages.request_models import Request
from core.messages.tables import messages
from core.permissions import Principal
from core.settings import Settings
from core.storage.database import Database
from core.storage.event_record import EventRecord, event_record
from core.storage.event_words import EventKind
from core.storage.journal import JournalWriter
from core.storage.schema import metadata

MJML = "<mjml><mj-body><mj-section><mj-column><mj-text>Hello {{ contact.first_name }}</mj-text></mj-column></mj-section></mj-body></mjml>"
# A name nobody else has, with letters that SQL and spreadsheets read as their own.
NAME = "ada_l%vely+1"
ADA, BOB = f"{NAME}@example.com", "bob@example.com"
FORMER = "former_l%vely@example.com"  # hers before two contacts were merged
SPELT = ADA.replace("ada", "Ada")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
FILE = f"email,first_name,note\n{ADA},Ada,friend\n{BOB},Bob,\nnonsense,Ada again,write to {SPELT}\nno sense,Bob again,\n".encode()


@dataclass
class World:
    """A workspace with Ada and Bob."""

    services: Services
    by: Principal
    clock: FrozenClock
    campaign_id: int = 0

    def contact_id(self, email: str = ADA) -> int:
        found = self.services.contacts.find(self.by, email)
        assert found
        return found.id

    def message_id(self, contact_id: int) -> int:
        with self.services.db.read() as connection:
            of_campaign = (messages.c.contact_id == contact_id, messages.c.campaign_id == self.campaign_id)
            return int(connection.execute(sa.select(messages.c.id).where(*of_campaign)).scalar_one())

    def happened(self, kind: EventKind, message_id: int | None = None, **known: object) -> EventRecord:
        return event_record(kind, self.clock.now(), str(known.pop("source", "receiver")), message_id=message_id, **known)

    def journal(self, *records: EventRecord) -> None:
        writer = JournalWriter(self.services.settings.journal_dir, "test")
        writer.append(records)
        writer.close()
        self.services.ingester.catch_up()

    def events(self, where: str = "true", columns: str = "*") -> list[dict[str, object]]:
        with self.services.engine.session(self.by.workspace_id) as session:
            return session.rows(f"select {columns} from events where {where} order by event_id")

    def traces(self, *needles: str) -> list[str]:
        """Return where any of these words still stands: tables, the lake's files, blobs and outbox."""
        wanted = [needle.lower() for needle in needles]
        found = [place for place, text in self._texts() if any(needle in text for needle in wanted)]
        return sorted(set(found))

    def _texts(self) -> Iterator[tuple[str, str]]:
        with self.services.db.read() as connection:
            for table in metadata.sorted_tables:
                yield from ((table.name, repr(tuple(row)).lower()) for row in connection.execute(sa.select(table)))
        data = self.services.settings.data_dir
        for path in (self.services.settings.lake_dir).rglob("*.parquet"):
            yield "lake", repr(pq.ParquetFile(path).read().to_pylist()).lower()
        for folder in ("blobs", "outbox"):
            for path in (data / folder).rglob("*"):
                if path.is_file():
                    yield folder, path.read_bytes().decode("utf-8", "replace").lower()

    def swept(self) -> None:
        """Let the grace period of the lake's dead files pass."""
        for _ in range(2):
            self.clock.advance(timedelta(minutes=10))
            self.services.ingester.housekeep()


def make(services: Services, clock: FrozenClock) -> World:
    by = Principal.system(services.workspaces.create("Acme").id)
    world = World(services, by, clock)
    request = Request(ADA, "shop@example.com", f"Your order, {ADA}", text=f"Thanks {ADA}")
    services.connections.default(by)
    services.requests.submit(by, request)  # before she is a contact
    imported = services.imports.run(by, FILE, f"from {ADA}.csv", list_name="Readers")
    template = services.templates.save(by, "Letter", MJML)
    fields = {"name": "Spring", "subject": "Hello", "from_email": "shop@example.com", "template_id": template.template_id}
    fields |= {"audience": Audience("list", imported.list_id or 0), "connection_id": services.connections.default(by).id}
    world.campaign_id = services.campaigns.create(by, **fields).id
    services.campaigns.launch(by, world.campaign_id)
    drain(services, world.campaign_id, owner="test", should_stop=lambda: False)
    services.requests.submit(by, request)
    services.ingester.catch_up()
    _happen(world)
    services.snapshots.refresh(by.workspace_id, min_changes=1)
    return world


def _happen(world: World) -> None:
    services, by, workspace_id = world.services, world.by, world.by.workspace_id
    ada, bob = world.contact_id(), world.contact_id(BOB)
    mine, theirs = world.message_id(ada), world.message_id(bob)
    seen = {"ip": "81.2.69.160", "user_agent": FIREFOX}
    world.journal(
        world.happened(EventKind.OPENED, mine, **seen),
        world.happened(EventKind.OPENED, theirs, **seen),
        world.happened(EventKind.DEFERRED, theirs, reason=f"450 <{SPELT}> is busy", provider="outbox", source="webhook"),
    )
    with services.db.transaction() as connection:
        evidence = Evidence(source=f"mail from {ADA}", ip="81.2.69.0/24", user_agent=FIREFOX, actor="person:1")
        services.consent.withdraw(connection, workspace_id, [ada], evidence)
        for number in (mine, theirs):
            connection.execute(sa.update(messages).where(messages.c.id == number).values(reason=f"550 <{SPELT}> unknown"))
        connection.execute(sa.insert(soft_bounces).values(workspace_id=workspace_id, contact_id=ada, campaign_id=1, at=world.clock.now()))
        alert = {"workspace_id": workspace_id, "campaign_id": 0, "kind": "blocked", "domain": "example.com", "count": 1}
        alert |= {"reason": f"<{ADA}> blocked", "first_at": world.clock.now(), "last_at": world.clock.now()}
        connection.execute(sa.insert(sender_alerts).values(**alert))
    services.suppressions.add(by, ADA, source=f"{ADA} phoned")
    services.seed_addresses.add(by, FORMER, f"Ada, also {ADA}")
    services.seed_addresses.add(by, BOB, f"As {SPELT} sees it")
    services.notes.add(by, ada, f"Calls herself {ADA}")
    services.tags.add(by, [ada], "Friend")
    before = services.contacts.save(by, FORMER, first_name="Ada of old")
    services.merges.merge(by, ada, [before.id])
    number = {"workspace_id": workspace_id, "source": "webhook", "provider": "smtp"}
    world.journal(world.happened(EventKind.BOUNCED, None, recipient=ADA, bounce_class="soft", **number))


@pytest.fixture
def services_of(db: Database, settings: Settings, clock: FrozenClock) -> Iterator[Services]:
    """All services on each kind of database in turn."""
    built = build(settings.model_copy(update={"database_url": db.url}), clock=clock)
    yield built
    built.close()


@pytest.fixture
def world(services_of: Services, clock: FrozenClock) -> World:
    return make(services_of, clock)


@pytest.fixture
def small_world(services: Services, clock: FrozenClock) -> World:
    """On SQLite only, where the database makes no difference."""
    return make(services, clock)
