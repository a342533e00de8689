"""The services of contacts, on each kind of database."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from core.clock import FrozenClock
from core.contacts.consent.consent import Consent
from core.contacts.contacts import Contacts
from core.contacts.directory import Directory
from core.contacts.exporting import ContactExport
from core.contacts.imports.importing import ContactImport, ImportResult
from core.contacts.lists import Lists
from core.contacts.lookup import Contact
from core.contacts.snapshot import ContactSnapshots
from core.contacts.suppression.suppression import Suppressions
from core.permissions import Principal
from core.settings import Settings
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Lake

# For rules that no database has a part in.
on_sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)


@dataclass(frozen=True)
class People:
    """Everything about contacts, and who asks."""

    by: Principal
    db: Database
    contacts: Contacts
    lists: Lists
    consent: Consent
    suppressions: Suppressions
    imports: ContactImport
    exports: ContactExport
    snapshots: ContactSnapshots
    engine: AnalyticsEngine
    clock: FrozenClock
    directory: Directory

    def take_in(self, text: str | bytes, **options: object) -> ImportResult:
        data = text.encode() if isinstance(text, str) else text
        return self.imports.run(self.by, data, "people.csv", **{"list_name": "News", **options})  # type: ignore[arg-type]

    def emails(self) -> list[str]:
        return sorted(contact.email for contact in self.everybody())

    def everybody(self, by: Principal | None = None) -> list[Contact]:
        """All contacts, newest first."""
        return [row.contact for row in self.directory.page(by or self.by, limit=1000).rows]


@pytest.fixture
def people(db: Database, clock: FrozenClock, workspace: Principal, settings: Settings) -> People:
    return build_people(db, clock, workspace, settings)


def build_people(db: Database, clock: FrozenClock, by: Principal, settings: Settings) -> People:
    lake = Lake(settings.lake_dir, db, clock)
    engine = AnalyticsEngine(lake, db)
    return People(
        by,
        db,
        Contacts(db, clock),
        Lists(db, clock),
        Consent(db, clock),
        Suppressions(db, clock),
        ContactImport(db, clock, Blobs(settings.data_dir / "blobs")),
        ContactExport(db, clock),
        ContactSnapshots(db, clock, lake),
        engine,
        clock,
        Directory(db, clock, lake, engine),
    )
