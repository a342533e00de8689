"""Launching: audience, template version, links and arms are frozen, and every message is queued, in one transaction."""

from __future__ import annotations

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.audiences import Audiences
from core.campaigns.models import Campaign, load_campaign
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaigns
from core.campaigns.timetable import timetable
from core.campaigns.visibility import note_narrowing, this
from core.clock import Clock
from core.contacts.lookup import SkipReason
from core.errors import Conflict
from core.experiments.experiments import deal, hold_out, load_arms
from core.links.registry import Links
from core.messages.ledger import Ledger
from core.permissions import Permission, Principal
from core.preflight.envelopes import Envelope
from core.preflight.preflight import must_be_sendable
from core.providers.connections import Connections
from core.storage.database import Database
from core.templates.brands.reading import brand_fields
from core.templates.library.templates import Templates, TemplateVersion


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
            Conflict: If nobody is in the audience, the campaign was cancelled, nothing can be sent through its connection, or the
                email lacks what it must have.
            Denied: If `by` may not send.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        if campaign.state is CampaignState.CANCELLED:
            raise Conflict("This campaign was cancelled.", hint="Make a new one.")
        if campaign.state is CampaignState.SCHEDULED:
            raise Conflict("This campaign waits for its time.", hint="Unschedule it first to send it now.")
        if campaign.state is CampaignState.DRAFT:
            self._launch(by, campaign)

    def launch_scheduled(self, by: Principal, campaign: Campaign) -> bool:
        """Launch one whose time has come; return whether it was this call that did.

        Raises:
            Conflict: If nobody is in the audience, or nothing can be sent through its connection.
        """
        return campaign.state is CampaignState.SCHEDULED and self._launch(by, campaign)

    def check(self, by: Principal, campaign: Campaign) -> TemplateVersion:
        """Return the version of a draft's template that would be sent now, if it can be: what it must have, it has.

        Raises:
            Conflict: If it needs what only single messages bring, or a look at it finds an error; names them.
        """
        version = self._templates.latest_to_send(by, campaign.template_id)
        _check_fields(version)
        with self._db.read() as connection:
            must_be_sendable(connection, by.workspace_id, version, Envelope.around(campaign.headings))
        return version

    def _launch(self, by: Principal, campaign: Campaign) -> bool:
        """Launch a campaign that is still as it was read; return whether that was now."""
        for connection_id in [each.connection_id for each in campaign.routes] or [campaign.connection_id]:
            self._connections.get(by, connection_id).must_send()
        version = self.check(by, campaign)
        contact_ids = self._audiences.contact_ids(by, campaign.audience)
        if not contact_ids:
            raise Conflict("Nobody is in this audience.", hint="Import people, or choose another list or segment.")
        with self._db.transaction() as connection:
            current = load_campaign(connection, by, campaign.id, for_update=True)
            if current.state is not campaign.state or (current != campaign and campaign.state is CampaignState.SCHEDULED):
                return False  # somebody else launched it at the same moment, or put it off
            if current != campaign:
                raise Conflict("This draft was changed while it was being launched.", hint="Look at it once more and launch it again.")
            kept, held = hold_out(campaign.id, contact_ids, campaign.holdout_percent)
            after = {"recipients": self._freeze(connection, by, campaign, version, kept)}
            after |= {"template": campaign.template_id, "version": version.number}
            if held:
                rows, why = [(contact_id, None) for contact_id in held], SkipReason.HOLDOUT.value
                after["held_out"] = self._ledger.enqueue(connection, by.workspace_id, campaign.id, rows, skipped=why)
            record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_LAUNCHED, f"campaign:{campaign.id}", after=after)
        return True

    def _freeze(
        self, connection: sa.Connection, by: Principal, campaign: Campaign, version: TemplateVersion, contact_ids: list[int]
    ) -> int:
        """Queue a message for everybody, each for their time; return how many."""
        workspace_id, now = by.workspace_id, self._clock.now()
        begun = {"state": CampaignState.SENDING.value, "template_version_id": version.id, "launched_at": now}
        begun["brand"] = brand_fields(connection, workspace_id, campaign.template_id)  # the kit may change while it is on its way
        connection.execute(sa.update(campaigns).where(*this(by, campaign.id)).values(begun))
        if campaign.audience.kind == "segment":
            note_narrowing(connection, by, campaign.id)
        self._links.register(connection, workspace_id, campaign.id, version.links, campaign.track_conversions)
        arms = load_arms(connection, workspace_id, campaign.id)
        # By the workspace's clock its time is now; in the zones of its readers it may still come.
        wall = campaign.scheduled_wall if campaign.timing.in_contact_zone else None
        table = timetable(connection, workspace_id, campaign.timing, wall)
        queued = 0
        for due_at, ids in table.groups(connection, workspace_id, contact_ids, now):
            queued += self._ledger.enqueue(connection, workspace_id, campaign.id, deal(campaign.id, ids, arms), due_at=due_at)
        return queued


def _check_fields(version: TemplateVersion) -> None:
    needed = [name for name in version.fields if name.startswith("data.")]
    if needed:
        raise Conflict(
            f"The template needs what only single messages bring: {', '.join(needed)[:200]}.",
            hint="Send it through the API, one message at a time, or choose another template.",
        )
