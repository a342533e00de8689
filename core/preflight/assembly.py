"""The part of `core.app` that looks at emails before they leave: the people they go to, and what is checked."""

from __future__ import annotations

from functools import cached_property

from core.contacts.snapshot import ContactSnapshots
from core.deliverability.assembly import DeliverabilityServices
from core.deliverability.dns import Dns
from core.preflight.fetching import Fetcher
from core.preflight.preflight import Preflight
from core.segments.segments import Segments
from core.storage.engine import AnalyticsEngine
from core.storage.lake import Lake

# Much less than a check of a sender domain may take: somebody waits for all links together.
_QUESTION_SECONDS, _LOOK_SECONDS = 2.0, 4.0


class PreflightServices(DeliverabilityServices):
    """Who emails go to by rules, and the last look at them; who builds these brings the lake and the engine."""

    lake: Lake
    engine: AnalyticsEngine

    @cached_property
    def snapshots(self) -> ContactSnapshots:
        """Contacts as analytics sees them."""
        return ContactSnapshots(self.db, self.clock, self.lake)

    @cached_property
    def segments(self) -> Segments:
        """Rules that choose people."""
        return Segments(self.db, self.clock, self.engine, self.snapshots)

    @cached_property
    def preflight(self) -> Preflight:
        """What is to be mended before an email is sent."""
        parts = (self.db, self.clock, self.engine, self.snapshots, self.segments, self.sender_domains)
        return Preflight(*parts, self._fetcher, self.settings.public_url)

    @cached_property
    def _fetcher(self) -> Fetcher:
        dns = Dns(self.settings.dns_servers, question_seconds=_QUESTION_SECONDS, look_seconds=_LOOK_SECONDS)
        return Fetcher(lambda host: dns.look().addresses(host))
