"""What is known of campaigns on their way and of those who got them, put together over connections and sender domains."""

from __future__ import annotations

from functools import cached_property

from core.campaigns.visibility import seen_campaign_ids
from core.deliverability.assembly import DeliverabilityServices
from core.messages.recipients import Recipients
from core.messages.standings import Standings


class CampaignServices(DeliverabilityServices):
    """Reads the ledger for those who watch, and those who ask afterwards."""

    @cached_property
    def recipients(self) -> Recipients:
        """Who got a campaign, who did not, and why."""
        return Recipients(self.db, self.clock, seen_campaign_ids)

    @cached_property
    def standings(self) -> Standings:
        """How campaigns stand right now."""
        return Standings(self.db, self.clock, seen_campaign_ids)
