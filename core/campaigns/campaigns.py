"""Campaigns: one blast to one audience, from draft to sent. This is the door; each moment of its life has its own module."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Unpack

from core.campaigns.audiences import Audiences
from core.campaigns.control import Control
from core.campaigns.drafts import DraftFields, Drafts
from core.campaigns.launching import Launching
from core.campaigns.models import Audience, Campaign, listed, load_campaign, select_campaigns
from core.campaigns.scheduling import Scheduling
from core.campaigns.tables import campaigns
from core.campaigns.timetable import Forecast
from core.campaigns.timing import Timing
from core.campaigns.trying import Tried, Trying
from core.campaigns.visibility import seen_campaigns
from core.clock import Clock
from core.contacts.contacts import Contacts
from core.contacts.lists import Lists
from core.experiments.experiments import Experiments
from core.links.registry import Links
from core.messages.ledger import Ledger
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.segments.segments import Segments
from core.storage.database import Database
from core.templates.library.templates import Templates


class Campaigns:
    """Everything one can do with campaigns.

    Args:
        db: The database.
        clock: The time.
        ledger: Every message.
        lists: Static audiences.
        segments: Audiences by rules.
        templates: What is sent.
        connections: How it is sent.
        links: Where links lead.
        experiments: A/B tests.
        contacts: The people.
        trying: Sends copies.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        ledger: Ledger,
        lists: Lists,
        segments: Segments,
        templates: Templates,
        connections: Connections,
        links: Links,
        experiments: Experiments,
        contacts: Contacts,
        trying: Trying,
    ) -> None:
        self._db = db
        self._audiences = Audiences(db, lists, segments)
        self._drafts = Drafts(db, clock, self._audiences, templates, connections, experiments, contacts)
        self._launching = Launching(db, clock, self._audiences, templates, links, ledger, connections)
        self._control = Control(db, clock, ledger)
        self._trying = trying
        self._scheduling = Scheduling(db, clock, self._audiences, self._launching, self._trying)

    def create(self, by: Principal, **fields: Unpack[DraftFields]) -> Campaign:
        """Keep a new draft. `name`, `subject`, `template_id`, `audience` and `from_email` are needed.

        Raises:
            InvalidInput: If a field can't be used; names it.
            NotFound: If template, audience or connection is not there.
        """
        by.require(Permission.CAMPAIGNS_VIEW)  # before the draft is kept, not after
        return self.get(by, self._drafts.create(by, **fields))

    def update(self, by: Principal, campaign_id: int, **fields: Unpack[DraftFields]) -> Campaign:
        """Change a draft; fields that are not named stay as they are.

        Raises:
            Conflict: If it is not a draft any more.
            InvalidInput: If a field can't be used; names it.
            NotFound: If the campaign, or what it names, is not there.
        """
        self.get(by, campaign_id)
        self._drafts.update(by, campaign_id, **fields)
        return self.get(by, campaign_id)

    def delete(self, by: Principal, campaign_id: int) -> None:
        """Delete a draft.

        Raises:
            Conflict: If it is not a draft any more.
            NotFound: If there is no such campaign.
        """
        self._drafts.delete(by, campaign_id)

    def get(self, by: Principal, campaign_id: int) -> Campaign:
        """Return a campaign.

        Raises:
            NotFound: If there is no such campaign in this workspace.
        """
        by.require(Permission.CAMPAIGNS_VIEW)
        with self._db.read() as connection:
            return load_campaign(connection, by, campaign_id)

    def all(self, by: Principal) -> list[Campaign]:
        """Return the workspace's campaigns, newest first; to somebody limited to some lists, those they may see."""
        by.require(Permission.CAMPAIGNS_VIEW)
        mine = select_campaigns().where(campaigns.c.workspace_id == by.workspace_id, *seen_campaigns(by)).order_by(campaigns.c.id.desc())
        with self._db.read() as connection:
            return [listed(row) for row in connection.execute(mine)]

    def audience_size(self, by: Principal, audience: Audience) -> int:
        """Return how many people an audience has now."""
        return self._audiences.size(by, audience)

    def launch(self, by: Principal, campaign_id: int) -> Campaign:
        """Freeze the audience and the template version and queue every message; launching again changes nothing.

        Raises:
            Conflict: If nobody is in the audience, or the campaign was cancelled or changed meanwhile.
        """
        self._launching.launch(by, self.get(by, campaign_id))
        return self.get(by, campaign_id)

    def forecast(self, by: Principal, campaign_id: int, at: datetime | None = None, timing: Timing | None = None) -> Forecast:
        """Return what a time would mean for the people of a campaign, as they are now.

        Args:
            by: Who asks.
            campaign_id: Which campaign.
            at: The time on the clock, without a zone; None for now.
            timing: How it would keep time; its own if not given.
        """
        campaign = self.get(by, campaign_id)
        return self._scheduling.forecast(by, campaign, at, timing or campaign.timing)

    def schedule(self, by: Principal, campaign_id: int, at: datetime, timing: Timing | None = None) -> Campaign:
        """Put a draft off to a time; whatever can be checked is checked now. One that is scheduled already is put off anew.

        Args:
            by: Who says so.
            campaign_id: Which campaign.
            at: The time on the clock, without a zone: that of the workspace, or of each contact where the timing says so.
            timing: How it keeps time; its own if not given.

        Raises:
            Conflict: If it was launched, nobody is in the audience, nobody could get it, or nothing can be sent through its connection.
            InvalidInput: If the time is over or too far off, or the email can't be written.
        """
        campaign = self.get(by, campaign_id)
        self._scheduling.schedule(by, campaign, at, timing or campaign.timing)
        return self.get(by, campaign_id)

    def unschedule(self, by: Principal, campaign_id: int) -> Campaign:
        """Make a scheduled campaign a draft again; one that is a draft stays as it is.

        Raises:
            Conflict: If it was launched meanwhile.
        """
        self.get(by, campaign_id)
        self._scheduling.unschedule(by, campaign_id)
        return self.get(by, campaign_id)

    def pause(self, by: Principal, campaign_id: int) -> Campaign:
        """Stop handing messages over until `resume`.

        Raises:
            Conflict: If it is not being sent.
        """
        self.get(by, campaign_id)
        self._control.pause(by, campaign_id)
        return self.get(by, campaign_id)

    def resume(self, by: Principal, campaign_id: int) -> Campaign:
        """Go on with what is left.

        Raises:
            Conflict: If it is not paused.
        """
        self.get(by, campaign_id)
        self._control.resume(by, campaign_id)
        return self.get(by, campaign_id)

    def cancel(self, by: Principal, campaign_id: int) -> Campaign:
        """Cancel everything that has not left yet, for good.

        Raises:
            Conflict: If it has been sent already.
        """
        self.get(by, campaign_id)
        self._control.cancel(by, campaign_id)
        return self.get(by, campaign_id)

    def send_test(
        self,
        by: Principal,
        campaign_id: int,
        addresses: Sequence[str],
        language: str | None = None,
        step: Callable[[int, int], None] | None = None,
    ) -> tuple[Tried, ...]:
        """Send one copy to each address, marked as a test; it counts nowhere and its links are not tracked.

        Args:
            by: Who tries.
            campaign_id: Which campaign.
            addresses: Where copies go.
            language: Which it is read in, "" for the main one; by default that of whose values fill it in.
            step: Is told how many have been tried, and of how many.

        Returns:
            What became of each copy: one that is refused keeps none of the others.

        Raises:
            Conflict: If nothing can be sent through its connection.
            InvalidInput: If there is no address, or there are too many, or it is not written in that language.
        """
        return self._trying.send(by, self.get(by, campaign_id), addresses, language, step)

    def launch_due(self) -> int:
        """Launch the scheduled campaigns of all workspaces whose time has come; for the sweeper. Return how many."""
        return self._scheduling.launch_due()

    def finish_if_done(self, campaign_id: int) -> bool:
        """Mark a campaign as sent once no message of it is open; for the worker."""
        return self._control.finish_if_done(campaign_id)

    def note_stop(self, campaign_id: int, reason: str) -> None:
        """Keep why sending stopped, in words, or with an empty reason that it goes on; for the worker."""
        self._control.note_stop(campaign_id, reason)

    def wait_for_person(self, campaign_id: int, reason: str) -> None:
        """Pause a campaign that can't go on before a person has changed something, and keep why; for the worker."""
        self._control.wait_for_person(campaign_id, reason)

    def is_sending(self, campaign_id: int) -> bool:
        """Return whether a campaign may be sent right now; for the worker."""
        return self._control.is_sending(campaign_id)

    def settle_cancelled(self) -> int:
        """Settle what a dead sender left of cancelled campaigns; for the sweeper. Return how many campaigns had some."""
        return self._control.settle_cancelled()

    def reopen(self) -> int:
        """Let campaigns go on that were closed before the last answer came; for the sweeper. Return how many."""
        return self._control.reopen()

    def due(self) -> list[int]:
        """Return the campaigns of all workspaces that have something to do now; for the sweeper."""
        return self._control.due()
