"""People to write to, a plan to write by, and a drain that keeps its journal where the test can read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from core.clock import FrozenClock
from core.contacts.tables import contacts
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.delivery import Delivery
from core.messages.eligibility import Eligibility
from core.messages.ledger import Ledger
from core.messages.plan import PinnedVersion, SendPlan
from core.messages.posting import Posting
from core.messages.states import MessageState
from core.messages.tables import messages
from core.messages.ways import Ways
from core.permissions import Principal
from core.providers.connections import Connections
from core.providers.pace_book import PaceBook
from core.storage.database import Database
from core.storage.journal import JournalReader, JournalWriter
from core.storage.vault import Vault
from core.templates.languages.headings import Headings
from tests.support.mail_server import MailServer, serving

CAMPAIGN = 5
KEY = b"a-key-for-tests-only"
VERSION = PinnedVersion(
    id=1,
    html='<p>Hi {{ contact.first_name }}, <a href="{{ pw_links[0] }}">shop</a> <a href="{{ unsubscribe_url }}">stop</a></p>'
    '{% if pw_pixel %}<img src="{{ pw_pixel }}">{% endif %}',
    text="Hi {{ contact.first_name }}: {{ pw_links[0] }} {{ unsubscribe_url }} {{ view_url }} {{ workspace.postal_address }}",
    links=("https://shop.example/sale",),
)


@pytest.fixture
def ledger(db: Database, clock: FrozenClock) -> Ledger:
    return Ledger(db, clock)


@pytest.fixture
def add_people(db: Database, workspace: Principal, clock: FrozenClock) -> Callable[..., list[int]]:
    """Add subscribed contacts and return their ids."""

    def add(count: int, **changes: Any) -> list[int]:
        now = clock.now()
        with db.transaction() as connection:
            start = connection.execute(sa.select(sa.func.count()).select_from(contacts)).scalar_one()
            fixed = {"workspace_id": workspace.workspace_id, "first_name": "Ann", "attributes": {}, "consent": "subscribed"}
            fixed |= {"created_at": now, "updated_at": now, "updated_seq": 1} | changes
            rows = [fixed | {"email": f"person{start + number}@example.com"} for number in range(count)]
            return list(connection.execute(sa.insert(contacts).returning(contacts.c.id, sort_by_parameter_order=True), rows).scalars())

    return add


@pytest.fixture
def enqueue(db: Database, ledger: Ledger, workspace: Principal) -> Callable[..., int]:
    def queue(contact_ids: Sequence[int], variant_id: int | None = None, campaign_id: int = CAMPAIGN) -> int:
        with db.transaction() as connection:
            recipients = [(contact_id, variant_id) for contact_id in contact_ids]
            return ledger.enqueue(connection, workspace.workspace_id, campaign_id, recipients)

    return queue


@pytest.fixture
def states(db: Database) -> Callable[[], dict[int, str]]:
    """The state of every message by id."""

    def read() -> dict[int, str]:
        with db.read() as connection:
            return {row.id: row.state for row in connection.execute(sa.select(messages.c.id, messages.c.state).order_by(messages.c.id))}

    return read


@pytest.fixture
def rows(ledger: Ledger, workspace: Principal) -> Callable[..., list[Any]]:
    def read(state: MessageState | None = None) -> list[Any]:
        return ledger.page(workspace, CAMPAIGN, state, limit=1000)

    return read


@pytest.fixture
def composer() -> Composer:
    return Composer(TrackingUrls(TokenSigner(KEY), "https://track.example"), KEY)


@pytest.fixture
def connections(db: Database, clock: FrozenClock, tmp_path: Path) -> Connections:
    return Connections(db, clock, Vault(KEY), tmp_path)


@pytest.fixture
def plan(workspace: Principal, connections: Connections) -> SendPlan:
    return SendPlan(
        workspace_id=workspace.workspace_id,
        campaign_id=CAMPAIGN,
        campaign_name="Winter",
        from_email="news@shop.example",
        from_name="The Shop",
        headings=Headings("Hello {{ contact.first_name }}"),
        arms={11: Headings("First {{ campaign.name }}"), 12: Headings("Second")},
        version=VERSION,
        connection_id=connections.default(workspace).id,
        link_ids=(77,),
        workspace={"name": "Acme", "postal_address": "1 Main Street"},
        track_conversions=False,
    )


@pytest.fixture
def delivery(
    db: Database, clock: FrozenClock, ledger: Ledger, composer: Composer, connections: Connections, tmp_path: Path
) -> Iterator[Delivery]:
    posting = Posting(clock, ledger, lambda: JournalWriter(tmp_path / "journal", "delivery"))
    yield Delivery(clock, ledger, posting, Eligibility(db, clock), composer, Ways(clock, connections, PaceBook(db, clock)))
    posting.close()


@pytest.fixture
def journal(tmp_path: Path) -> Callable[[], list[dict[str, Any]]]:
    """Everything the journal holds."""

    def read() -> list[dict[str, Any]]:
        reader = JournalReader(tmp_path / "journal")
        return [record for path in reader.files() for _, record in reader.read(path.name, 0).records if record is not None]

    return read


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with serving() as server:
        yield server


@pytest.fixture
def smtp_plan(plan: SendPlan, workspace: Principal, connections: Connections, mail_server: MailServer) -> SendPlan:
    """The plan, through a real mail server."""
    values = {"host": "127.0.0.1", "port": mail_server.port, "security": "none"}
    return replace(plan, connection_id=connections.add(workspace, "Relay", "smtp", values).id)
