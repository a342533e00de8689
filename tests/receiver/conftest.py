"""A receiver as it runs: `python -m tracking_receiver` in its own process, asked over HTTP."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa

from core.accounts.workspaces import Workspaces
from core.campaigns.tables import campaigns
from core.clock import SystemClock
from core.contacts.tables import contacts
from core.links.tables import links
from core.links.tokens import Purpose, TokenSigner
from core.links.urls import TrackingUrls
from core.messages.tables import messages
from core.permissions import Principal
from core.providers.tables import connections
from core.settings import Settings
from core.storage.database import Database
from core.storage.journal import JournalReader
from core.templates.brands.kits import BrandKits
from core.templates.library.templates import Templates
from tests.support.product import free_port
from tests.support.waiting import wait_for

WORKSPACE = "Müller & Töchter"
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
TEMPLATE = """<html><body><p>Hello {{ contact.first_name }}</p><a href="https://shop.example/a">Shop</a>
<a href="{{ unsubscribe_url }}">Unsubscribe</a></body></html>"""


class Site:
    """A running receiver, its journal, and the tokens its mail would carry.

    Args:
        folder: Its data folder.
        environment: More of the environment it runs in.
        set_up: Called in the child before it begins.
        options: More of its command line.
    """

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str] | None = None,
        set_up: Callable[[], None] | None = None,
        options: tuple[str, ...] = (),
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = Settings.load(data_dir=folder, secret_key="a-key-for-tests-only", public_url=self.url)
        self.signer = TokenSigner(self.settings.key)
        self.urls = TrackingUrls(self.signer, self.url)
        self.http = httpx2.Client(base_url=self.url, headers={"User-Agent": BROWSER}, timeout=10)
        self.log = folder / "receiver.log"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("POSTWRIGHT_")}
        own = {"POSTWRIGHT_DATA_DIR": str(folder), "POSTWRIGHT_SECRET_KEY": "a-key-for-tests-only", "POSTWRIGHT_PUBLIC_URL": self.url}
        command = [sys.executable, "-m", "tracking_receiver", "--port", str(self.port), *options]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, env=kept | own | (environment or {}), stdout=log, stderr=log, preexec_fn=set_up)

    def wait(self) -> None:
        wait_for(self._answers, f"the receiver to answer: {self.log.read_text()}")

    def records(self, kind: str = "", message_id: int | None = None) -> list[dict[str, Any]]:
        """What is in the journals by now."""
        reader = JournalReader(self.settings.journal_dir)
        found = [record for path in reader.files() for _, record in reader.read(path.name, 0).records if record]
        return [each for each in found if kind in ("", each["kind"]) and message_id in (None, each.get("message_id"))]

    def token(self, purpose: Purpose, message_id: int = 1, link_id: int = 0) -> str:
        return self.signer.mint(purpose, message_id, link_id)

    def stop(self) -> int:
        """Stop it as a supervisor does and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=20)
        self.http.close()
        return status

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.http.get("/healthz").status_code > 0
        except httpx2.TransportError:
            return False


@contextmanager
def receiver(folder: Path, **options: Any) -> Iterator[Site]:
    folder.mkdir(parents=True, exist_ok=True)
    site = Site(folder, **options)
    try:
        site.wait()
        yield site
    finally:
        site.stop()


@pytest.fixture(scope="module")
def filled_folder(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Path:
    folder = tmp_path_factory.mktemp("receiver")
    shutil.copy(migrated_file, folder / "app.db")
    fill(Settings.load(data_dir=folder, secret_key="a-key-for-tests-only"))
    return folder


@pytest.fixture(scope="module")
def site(filled_folder: Path) -> Iterator[Site]:
    """One receiver for a module: message 1 of a launched campaign to Ada, links 1 (plain) and 2 (with the token)."""
    with receiver(filled_folder) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, migrated_file: Path) -> Callable[..., Any]:
    """Start another receiver, in an environment of its own."""

    def with_options(**options: Any) -> Any:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        shutil.copy(migrated_file, folder / "app.db")
        fill(Settings.load(data_dir=folder, secret_key="a-key-for-tests-only"))
        return receiver(folder, **options)

    return with_options


def small_files(limit: int) -> Callable[[], None]:
    """Make every file of the child end at `limit` bytes: what a full disk does to a write, without one."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))


def add_link(settings: Settings, url: str, position: int, append_token: bool = False) -> int:
    db = Database(settings.resolved_database_url)
    with db.transaction() as connection:
        row = {"workspace_id": 1, "campaign_id": 1, "position": position, "url": url, "append_token": append_token}
        added = connection.execute(sa.insert(links).values(created_at=SystemClock().now(), **row)).inserted_primary_key[0]
    db.close()
    return int(added)


def fill(settings: Settings, others: int = 0) -> None:
    """Message 1 of a launched campaign to Ada, the next ones to as many others; link 1 plain, link 2 with the token."""
    db, clock = Database(settings.resolved_database_url), SystemClock()
    now = clock.now()
    by = Principal.system(Workspaces(db, clock).create(WORKSPACE).id)
    version = Templates(db, clock, BrandKits(db, clock)).save(by, "Welcome", TEMPLATE)
    mine = {"workspace_id": by.workspace_id}
    ada = {"email": "ada@example.com", "first_name": "Ada", "attributes": {}, "consent": "subscribed"}
    campaign = {"name": "Spring", "subject": "Hi", "from_email": "a@example.com", "template_id": version.template_id, "connection_id": 1}
    campaign |= {"template_version_id": version.id, "audience": {}, "state": "sent", "created_by": "test", "created_at": now}
    with db.transaction() as connection:
        connection.execute(sa.insert(connections).values(name="outbox", kind="outbox", created_at=now, **mine))
        connection.execute(sa.insert(contacts).values(created_at=now, updated_at=now, updated_seq=1, **ada, **mine))
        connection.execute(sa.insert(campaigns).values(**campaign, **mine))
        for number in range(others):
            other = {"email": f"reader-{number}@example.com", "attributes": {}, "consent": "subscribed"}
            connection.execute(sa.insert(contacts).values(created_at=now, updated_at=now, updated_seq=1, **other, **mine))
        for contact in range(1, others + 2):
            connection.execute(sa.insert(messages).values(campaign_id=1, contact_id=contact, state="accepted", queued_at=now, **mine))
    db.close()
    add_link(settings, "https://shop.example/a?x=1", 0)
    add_link(settings, "https://shop.example/b?x=1#top", 1, append_token=True)
