"""The receiver's own few parts, put together from the settings; far fewer than the app's, so that it stays small."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock
from core.contacts.hosted.published import PublishedForms
from core.links.destinations import Destinations
from core.links.snapshot import LinkSnapshot
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.request_composing import RequestComposer
from core.providers.webhook_doors import WebhookDoors
from core.settings import Settings
from core.storage.database import Database
from core.storage.vault import Vault
from tracking_receiver.limiting import Limiter
from tracking_receiver.lookups import Lookups
from tracking_receiver.metrics import Metrics
from tracking_receiver.notes import Notes
from tracking_receiver.stamps import Stamps
from tracking_receiver.stopping import Stopping

# What stands in for the pixel when a message is shown in the browser: that is no open.
_NO_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


@dataclass(frozen=True)
class Parts:
    """What answering a request takes."""

    clock: Clock
    signer: TokenSigner
    urls: TrackingUrls
    destinations: Destinations
    notes: Notes
    lookups: Lookups
    stopping: Stopping
    doors: WebhookDoors
    forms: PublishedForms
    stamps: Stamps
    db: Database
    public_url: str
    limiter: Limiter
    metrics: Metrics
    metrics_token: str
    pictures_dir: Path

    def close(self) -> None:
        """Finish the journal and close the database."""
        self.notes.close()
        self.lookups.close()
        self.stopping.close()
        self.db.close()
        self.metrics.close()


class UrlsWithoutPixel(TrackingUrls):
    """Tracking URLs for a message shown in the browser."""

    def open(self, message_id: int) -> str:
        """Return an image that tells nobody."""
        return _NO_PIXEL

    def trap(self, message_id: int) -> str:
        """Return no link for machines."""
        return ""


def build(settings: Settings, clock: Clock) -> Parts:
    """Return the parts of this installation."""
    db = Database(settings.resolved_database_url)
    signer = TokenSigner(settings.key, settings.previous_keys)
    quiet, vault = UrlsWithoutPixel(signer, settings.public_url), Vault(settings.key, settings.previous_keys)
    lookups = Lookups(db, Composer(quiet, settings.key), RequestComposer(quiet, settings.key), vault)
    urls = TrackingUrls(signer, settings.public_url)
    destinations = Destinations(db, snapshot=LinkSnapshot(settings.links_snapshot))
    doors = WebhookDoors(db, vault)
    notes, metrics = Notes(settings.journal_dir), Metrics(settings.links_snapshot.parent)
    metrics.watch("postwright_receiver_known_links", lambda: destinations.count)
    metrics.watch("postwright_receiver_journal_backlog", lambda: notes.waiting)
    metrics.watch("postwright_receiver_journal_write_errors_total", lambda: notes.failures)
    token = settings.metrics_token.get_secret_value()
    stopping = Stopping(db)
    hosted = (PublishedForms(db), Stamps(settings.key, settings.previous_keys))
    shown, told = (settings.public_url, Limiter()), (metrics, token)
    return Parts(clock, signer, urls, destinations, notes, lookups, stopping, doors, *hosted, db, *shown, *told, settings.pictures_dir)
