"""The one place where the parts of Postwright are put together."""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.accounts.setup import Setup
from core.accounts.workspaces import Workspaces
from core.analytics.reports import Analytics
from core.campaigns.campaigns import Campaigns
from core.clock import Clock, SystemClock
from core.contacts.consent import Consent
from core.contacts.contacts import Contacts
from core.contacts.exporting import ContactExport
from core.contacts.importing import ContactImport
from core.contacts.lists import Lists
from core.contacts.snapshot import ContactSnapshots
from core.contacts.suppression import Suppressions
from core.events.ingester import Ingester
from core.experiments.experiments import Experiments
from core.links.registry import Links
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.delivery import Delivery
from core.messages.ledger import Ledger
from core.providers.connections import Connections
from core.segments.segments import Segments
from core.settings import Settings
from core.storage.blobs import Blobs
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Lake
from core.storage.vault import Vault
from core.templates.library import Templates


@dataclass(frozen=True)
class Services:
    """Everything the product can do, by the words it uses; pages, command line and jobs call these."""

    settings: Settings
    clock: Clock
    db: Database
    lake: Lake
    engine: AnalyticsEngine
    blobs: Blobs
    vault: Vault
    workspaces: Workspaces
    people: People
    sessions: Sessions
    setup: Setup
    contacts: Contacts
    lists: Lists
    consent: Consent
    suppressions: Suppressions
    imports: ContactImport
    exports: ContactExport
    snapshots: ContactSnapshots
    templates: Templates
    connections: Connections
    links: Links
    segments: Segments
    ledger: Ledger
    delivery: Delivery
    experiments: Experiments
    campaigns: Campaigns
    ingester: Ingester
    analytics: Analytics

    def close(self) -> None:
        """Give back what is held: journal files and database connections."""
        self.delivery.close()
        self.db.close()
