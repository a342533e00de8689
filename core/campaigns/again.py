"""Sending a campaign once more to those it has not reached: cancelled, left out, refused, or come into the audience since."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.audiences import Audiences
from core.campaigns.models import Campaign, load_campaign
from core.campaigns.states import CampaignState
from core.campaigns.tables import campaign_lists, campaigns
from core.campaigns.visibility import this
from core.clock import Clock
from core.contacts.lists import Lists
from core.contacts.lookup import SkipReason
from core.errors import Conflict
from core.experiments.experiments import deal, hold_out, load_arms
from core.messages.ledger import Ledger
from core.messages.missing import Choice, Missing, count_missing, requeue, without_message
from core.messages.states import MessageState
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.segments.segments import Segments
from core.storage.database import Database

_OVER = (CampaignState.SENT, CampaignState.CANCELLED)
_LAUNCHED = (*_OVER, CampaignState.SENDING, CampaignState.PAUSED)


class Again:
    """Reaches the missing.

    Args:
        db: The database.
        clock: The time.
        lists: Static audiences.
        segments: Audiences by rules.
        ledger: Every message.
        connections: How they are sent.
    """

    def __init__(self, db: Database, clock: Clock, lists: Lists, segments: Segments, ledger: Ledger, connections: Connections) -> None:
        self._db, self._clock, self._ledger, self._connections = db, clock, ledger, connections
        self._audiences = Audiences(db, lists, segments)

    def missing(self, by: Principal, campaign_id: int) -> Missing:
        """Return how many have not got a campaign and may get it now; nobody of one that was never launched.

        Raises:
            Denied: If `by` may not see campaigns.
            NotFound: If there is no such campaign.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            load_campaign(connection, by, campaign_id)
            return count_missing(connection, by.workspace_id, campaign_id)

    def joined(self, by: Principal, campaign_id: int) -> int:
        """Return how many have come into the audience since the launch and would get it, those included who can't be mailed.

        Raises:
            Denied: If `by` may not see campaigns, or people.
            NotFound: If the campaign or its audience is not there.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            campaign = load_campaign(connection, by, campaign_id)
        if campaign.state not in _LAUNCHED:
            return 0
        return len(hold_out(campaign.id, self._newcomers(by, campaign), campaign.holdout_percent)[0])

    def send(self, by: Principal, campaign_id: int, chosen: Choice) -> int:
        """Let the chosen wait to be sent, and the campaign go on; return how many. Where nobody is left, nothing changes.

        Nobody who got it gets it again, except of the uncertain ones, where nobody knows.

        Raises:
            Conflict: If it was never launched, or nothing can be sent through its connection.
            Denied: If `by` may not send.
            NotFound: If there is no such campaign.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            campaign = load_campaign(connection, by, campaign_id)
        if campaign.state not in _LAUNCHED:
            raise Conflict("This campaign has not been launched yet.", hint="Launch it first: then everybody gets it.")
        for connection_id in [each.connection_id for each in campaign.routes] or [campaign.connection_id]:
            self._connections.get(by, connection_id).must_send()
        newcomers = self._newcomers(by, campaign) if chosen.joined else []
        with self._db.transaction() as connection:
            campaign = load_campaign(connection, by, campaign_id, for_update=True)
            moved = requeue(connection, by.workspace_id, campaign_id, chosen, self._clock.now())
            joined = self._enqueue(connection, by, campaign, newcomers)
            total = sum(moved.values()) + joined
            if total:
                self._reopen(connection, by, campaign)
                after = {"messages": total, "uncertain": moved.get(MessageState.UNCERTAIN, 0), "joined": joined}
                record(connection, self._clock.now(), by, AuditAction.CAMPAIGN_SENT_AGAIN, f"campaign:{campaign_id}", after=after)
            return total

    def _newcomers(self, by: Principal, campaign: Campaign) -> list[int]:
        with self._db.read() as connection:
            narrowed = sa.select(campaign_lists.c.list_id).where(campaign_lists.c.campaign_id == campaign.id)
            lists = frozenset(connection.execute(narrowed).scalars())
        # A segment that was narrowed to some lists at launch stays so, whoever asks: those who may see it then still may.
        contact_ids = self._audiences.contact_ids(replace(by, lists=lists) if lists else by, campaign.audience)
        with self._db.read() as connection:
            return without_message(connection, by.workspace_id, campaign.id, contact_ids)

    def _enqueue(self, connection: sa.Connection, by: Principal, campaign: Campaign, contact_ids: list[int]) -> int:
        """Queue messages for newcomers, dealt out and held out as everybody was at the launch; return how many."""
        kept, held = hold_out(campaign.id, contact_ids, campaign.holdout_percent)
        rows, nothing = [(contact_id, None) for contact_id in held], SkipReason.HOLDOUT.value
        self._ledger.enqueue(connection, by.workspace_id, campaign.id, rows, skipped=nothing)
        arms = load_arms(connection, by.workspace_id, campaign.id)
        return self._ledger.enqueue(connection, by.workspace_id, campaign.id, deal(campaign.id, kept, arms))

    def _reopen(self, connection: sa.Connection, by: Principal, campaign: Campaign) -> None:
        """Let a campaign that was over go on; a paused one stays paused."""
        if campaign.state in _OVER:
            goes_on = {"state": CampaignState.SENDING.value, "finished_at": None, "stopped_reason": ""}
            connection.execute(sa.update(campaigns).where(*this(by, campaign.id)).values(goes_on))
