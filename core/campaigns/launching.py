"""Launching: audience, template version, links and arms are frozen, and every message is queued, in one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.audiences import Audiences
from core.campaigns.models import Campaign, load_campaign
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.visibility import note_narrowing, this
from core.clock import Clock
from core.errors import Conflict
from core.experiments.experiments import deal, load_arms
from core.links.registry import Links
from core.messages.ledger import Ledger
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.storage.database import Database
from core.templates.library import Templates, TemplateVersion


class Launching:
    """Turns a draft into a campaign that is being sent.

    Args:
        db: The database.
        clock: The time.
        audiences: Who is meant.
        templates: What is sent.
        links: Where its links lead.
        ledger: Where each message is queued.
        connections: How it is sent.
    """

    def __init__(
        self, db: Database, clock: Clock, audiences: Audiences, templates: Templates, links: Links, ledger: Ledger, connections: Connections
    ) -> None:
        self._db, self._clock, self._audiences = db, clock, audiences
        self._templates, self._links, self._ledger, self._connections = templates, links, ledger, connections

    def launch(self, by: Principal, campaign: Campaign) -> None:
        """Launch a draft; launching again changes nothing.

        Raises:
            Conflict: If nobody is in the audience, the campaign was cancelled, or nothing can be sent through its connection.
            Denied: If `by` may not send.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        if campaign.state is CampaignState.CANCELLED:
            raise Conflict("This campaign was cancelled.", hint="Make a new one.")
        if campaign.state is not CampaignState.DRAFT:
            return
        self._connections.get(by, campaign.connection_id).must_send()
        version = self._templates.latest(by, campaign.template_id)
        contact_ids = self._audiences.contact_ids(by, campaign.audience)
        if not contact_ids:
            raise Conflict("Nobody is in this audience.", hint="Import people, or choose another list or segment.")
        with self._db.transaction() as connection:
            current = load_campaign(connection, by, campaign.id, for_update=True)
            if current.state is not CampaignState.DRAFT:
                return  # somebody else pressed at the same moment
            if current != campaign:
                raise Conflict("This draft was changed while it was being launched.", hint="Look at it once more and launch it again.")
            recipients = self._freeze(connection, by, campaign, version, contact_ids)
            after = {"recipients": recipients, "template": campaign.template_id, "version": version.number}
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_LAUNCHED, f"campaign:{campaign.id}", after=after)

    def _freeze(
        self, connection: sa.Connection, by: Principal, campaign: Campaign, version: TemplateVersion, contact_ids: list[int]
    ) -> int:
        workspace_id = by.workspace_id
        begun = {"state": CampaignState.SENDING.value, "template_version_id": version.id, "launched_at": self._clock.now()}
        connection.execute(sa.update(campaigns).where(*this(by, campaign.id)).values(begun))
        if campaign.audience.kind == "segment":
            note_narrowing(connection, by, campaign.id)
        self._links.register(connection, workspace_id, campaign.id, version.links, campaign.track_conversions)
        arms = load_arms(connection, workspace_id, campaign.id)
        return self._ledger.enqueue(connection, workspace_id, campaign.id, deal(campaign.id, contact_ids, arms))
