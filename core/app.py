"""The one place where the parts of Postwright are put together."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from core.analytics.reports import Analytics
from core.analytics.timeline import Timelines
from core.audit.log import AuditLog
from core.audit.seals import Seals
from core.campaigns.again import Again
from core.campaigns.campaigns import Campaigns
from core.campaigns.template_trying import TemplateTrying
from core.campaigns.trying import Trying
from core.campaigns.visibility import seen_campaign_ids
from core.clock import Clock, SystemClock
from core.contacts.consent.choices import Choices
from core.contacts.consent.consent import Consent
from core.contacts.consent.opt_in import OptIn
from core.contacts.consent.stop_marks import StopMarks
from core.contacts.consent.wordings import Wordings
from core.contacts.contacts import Contacts
from core.contacts.exporting import ContactExport
from core.contacts.lists import Lists
from core.contacts.tables import contacts
from core.events import datacentres
from core.events.actions.means import Means
from core.events.alerts import Alerts
from core.events.concealing import DaySalts
from core.events.conversions import Conversions
from core.events.datacentres import Datacentres
from core.events.forgetting import Forgetting
from core.events.ingester import Ingester
from core.events.intake import Intake
from core.events.jobs import IntakeJobs, JobChore, JobKind, Worker
from core.events.past_lines import PastLines
from core.events.redacting import Redacting
from core.events.rejudging import Rejudging
from core.events.replaying import Replaying
from core.events.retention import JournalRetention
from core.events.settling import Settling
from core.experiments.experiments import Experiments
from core.links.registry import Links
from core.messages.tables import messages
from core.privacy.assembly import PrivacyServices
from core.providers.outbox.reading import Outbox
from core.providers.paces import Paces
from core.settings import Settings
from core.storage.database import Database
from core.storage.engine import AnalyticsEngine
from core.storage.journal import JournalWriter
from core.storage.lake import Lake
from core.storage.vault import Vault

if TYPE_CHECKING:
    from core.contacts.imports.importing import ContactImport
    from core.contacts.move_in.moving_in import MoveIn


class Services(PrivacyServices):
    """Everything the product can do, by the words it uses; pages, the command line and jobs call these.

    What holds something (database, engine) is made at once; the rest is made when first asked for and costs nothing.

    Args:
        settings: How this installation runs.
        clock: The time.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        vault = Vault(settings.key, settings.previous_keys)
        super().__init__(settings, clock, Database(settings.resolved_database_url), vault)
        self.lake = Lake(settings.lake_dir, self.db, clock)
        self.engine = AnalyticsEngine(self.lake, self.db)

    def close(self) -> None:
        """Give back what is held."""
        if "posting" in self.__dict__:  # its journal is opened with the first message it sends
            self.posting.close()
        if "_api_journal" in self.__dict__:
            self._api_journal.close()
        if "password_resets" in self.__dict__:  # mails may still be on their way
            self.password_resets.close()
        self.engine.close()
        self.db.close()

    @cached_property
    def audit(self) -> AuditLog:
        """Who did what."""
        return AuditLog(self.db, self.clock, self.settings.key, self.settings.previous_keys)

    @cached_property
    def audit_seals(self) -> Seals:
        """What proves that nobody rewrote it."""
        return Seals(self.db, self.clock, self.settings.key, self.settings.previous_keys)

    @cached_property
    def contacts(self) -> Contacts:
        """The people written to."""
        return Contacts(self.db, self.clock, self.address_hashes)

    @cached_property
    def lists(self) -> Lists:
        """Static lists of contacts."""
        return Lists(self.db, self.clock)

    @cached_property
    def consent(self) -> Consent:
        """What contacts agreed to."""
        return Consent(self.db, self.clock)

    @cached_property
    def opt_in(self) -> OptIn:
        """Asking people by mail whether they want to be written to."""
        return OptIn(self.db, self.clock)

    @cached_property
    def choices(self) -> Choices:
        """What contacts choose for themselves."""
        return Choices(self.db, self.clock)

    @cached_property
    def wordings(self) -> Wordings:
        """The words people agree to."""
        return Wordings(self.db, self.clock)

    @cached_property
    def stop_marks(self) -> StopMarks:
        """Who has just said no."""
        return StopMarks(self.db, self.clock, self.consent)

    @cached_property
    def imports(self) -> ContactImport:
        """Contacts from files."""
        from core.contacts.imports.importing import ContactImport  # polars weighs tens of MB, and most workers read no files
        from core.contacts.move_in.work import kinds_of_work

        # Of each person on their own: as a list of everybody it would read the messages of the whole installation.
        theirs = (messages.c.workspace_id == contacts.c.workspace_id, messages.c.contact_id == contacts.c.id)
        mailed = sa.select(messages.c.contact_id).where(*theirs).correlate(contacts)
        kinds = kinds_of_work(self.clock, self.suppressions, lambda: self._api_journal)
        return ContactImport(self.db, self.clock, self.blobs, self.address_hashes, (mailed,), kinds)

    @cached_property
    def move_ins(self) -> MoveIn:
        """Contacts from other tools."""
        from core.contacts.move_in.moving_in import MoveIn  # as above

        uploads = self.settings.uploads_dir
        return MoveIn(self.db, self.clock, self.blobs, self.imports, self.suppressions, lambda: self._api_journal, uploads)

    @cached_property
    def exports(self) -> ContactExport:
        """Contacts into files."""
        return ContactExport(self.db, self.clock)

    @cached_property
    def outbox(self) -> Outbox:
        """The mail of the sandbox provider."""
        return Outbox(self.settings.data_dir / "outbox")

    @cached_property
    def links(self) -> Links:
        """Tracked links."""
        return Links(self.db, self.clock)

    @cached_property
    def paces(self) -> Paces:
        """How fast mail may leave."""
        return Paces(self.db, self.clock)

    @cached_property
    def experiments(self) -> Experiments:
        """A/B tests."""
        return Experiments(self.db)

    @cached_property
    def ingester(self) -> Ingester:
        """From the journal to the lake."""
        return Ingester(
            self.db,
            self.clock,
            self.lake,
            self.engine,
            self.settings.journal_dir,
            self.consent,
            self.suppressions,
            self.snapshots,
            self.message_keys,
            chores=(
                Forgetting(self.db, self.clock, self.settings.journal_days),
                JournalRetention(self.db, self.clock, self.settings.journal_dir, self.settings.journal_days),
                Settling(self.db, self.clock, self.lake, self.engine, self.datacentres),
                DaySalts(self.db, self.clock),
                Redacting(self.db, self.settings.journal_dir),
                JobChore(self.db, self.intake_jobs, self._job_workers()),
            ),
            datacentres=self.datacentres,
        )

    @cached_property
    def datacentres(self) -> Datacentres:
        """Whose addresses people seldom read mail from."""
        given = self.settings.datacentre_ranges
        return datacentres.load(Path(given) if given else None)

    @cached_property
    def intake_jobs(self) -> IntakeJobs:
        """Work over past events."""
        return IntakeJobs(self.db, self.clock)

    @cached_property
    def intake(self) -> Intake:
        """What came in, and what was left out."""
        return Intake(self.db, self.clock, self.engine, self.intake_jobs, self.message_keys, self.settings.journal_dir)

    @cached_property
    def conversions(self) -> Conversions:
        """What shops report."""
        return Conversions(self.db, self.clock, self.token_signer, self.message_keys, lambda: self._api_journal)

    @cached_property
    def alerts(self) -> Alerts:
        """What senders should look at."""
        return Alerts(self.db, self.clock, seen_campaign_ids)

    @cached_property
    def analytics(self) -> Analytics:
        """What it all came to."""
        return Analytics(self.db, self.clock, self.engine, self.ledger, self.experiments, seen_campaign_ids)

    @cached_property
    def timelines(self) -> Timelines:
        """What happened around one contact."""
        return Timelines(self.db, self.engine, seen_campaign_ids)

    @cached_property
    def campaigns(self) -> Campaigns:
        """One blast each, from draft to sent."""
        return Campaigns(
            self.db,
            self.clock,
            self.ledger,
            self.lists,
            self.segments,
            self.templates,
            self.connections,
            self.links,
            self.experiments,
            self.contacts,
            self._trying,
        )

    @cached_property
    def template_trying(self) -> TemplateTrying:
        """Tests of what is being written."""
        parts = (self.campaigns, self.templates, self.brand_kits, self.connections, self.contacts, self._trying)
        return TemplateTrying(self.db, *parts)

    @cached_property
    def _trying(self) -> Trying:
        parts = (self.templates, self.connections, self.contacts, self.composer, self.address_hashes)
        return Trying(self.db, self.clock, *parts)

    @cached_property
    def again(self) -> Again:
        """Sending a campaign to those it has not reached."""
        return Again(self.db, self.clock, self.lists, self.segments, self.ledger, self.connections)

    def _job_workers(self) -> dict[JobKind, Worker]:
        past, means = PastLines(self.db, self.settings.journal_dir), Means(self.clock, self.consent, self.suppressions)
        parts = (self.db, self.clock, self.intake_jobs, self.lake, self.engine)
        replaying = Replaying(*parts, past, self.message_keys, means, datacentres=self.datacentres)
        rejudging = Rejudging(*parts, self.datacentres)
        return {JobKind.REPLAY: replaying, JobKind.RECLASSIFY: rejudging}

    @cached_property
    def _api_journal(self) -> JournalWriter:
        return JournalWriter(self.settings.journal_dir, "api")


def build(settings: Settings, *, clock: Clock | None = None) -> Services:
    """Put everything together for one process; the database is expected in its newest shape (`storage.migrate`).

    Args:
        settings: How this installation runs.
        clock: The time; the machine's own unless a test brings another.
    """
    return Services(settings, clock or SystemClock())
