"""The part of the services that privacy is made of."""

from __future__ import annotations

from functools import cached_property

from core.campaigns.audience_services import AudienceServices
from core.privacy.erasing import Erasures
from core.privacy.erasing_work import ErasingWork
from core.privacy.exporting import PersonExports
from core.privacy.hashes import SubjectHashes
from core.privacy.late_traces import LateTraces
from core.privacy.previewing import Previews
from core.privacy.requests import PrivacyRequests
from core.privacy.retention import DataKind, Retention, Taker
from core.privacy.retention_contacts import Inactive, Unconfirmed
from core.privacy.retention_lake import EngagementDetails, Events
from core.privacy.retention_rows import ImportRefusals, MessageDetails, SingleEmails
from core.privacy.retention_work import RetentionWork
from core.privacy.rows_about import RowsAbout
from core.storage.blobs import Blobs


class PrivacyServices(AudienceServices):
    """What is known about people, and how it goes; what it needs is made where everything is put together."""

    blobs: Blobs

    @cached_property
    def privacy_requests(self) -> PrivacyRequests:
        """What people ask about their data."""
        return PrivacyRequests(self.db, self.clock, self.vault, self._address_hashes)

    @cached_property
    def person_exports(self) -> PersonExports:
        """All about a person, in a file."""
        return PersonExports(self.db, self.clock, self._rows_about, self._address_hashes)

    @cached_property
    def erasures(self) -> Erasures:
        """People who are erased."""
        parts = (self.db, self.clock, self.vault, self._address_hashes, self.suppressions)
        return Erasures(*parts, Previews(self.db, self._rows_about))

    @cached_property
    def erasing_work(self) -> ErasingWork:
        """The steps of that."""
        parts = (self.db, self.clock, self.vault, self._address_hashes, self.lake, self.snapshots, self.blobs)
        return ErasingWork(*parts, self.settings.data_dir / "outbox")

    @cached_property
    def late_traces(self) -> LateTraces:
        """What comes in late about them."""
        return LateTraces(self.db, self.clock, self.lake, self._address_hashes)

    @cached_property
    def retention(self) -> Retention:
        """How long data is kept."""
        return Retention(self.db, self.clock, self._takers)

    @cached_property
    def retention_work(self) -> RetentionWork:
        """Carrying that out."""
        return RetentionWork(self.db, self.clock, self._takers)

    @cached_property
    def _takers(self) -> dict[DataKind, Taker]:
        return {
            DataKind.EVENTS: Events(self.db, self.lake, self.engine),
            DataKind.ENGAGEMENT: EngagementDetails(self.db, self.lake, self.engine),
            DataKind.MESSAGES: MessageDetails(self.db),
            DataKind.SINGLE_EMAILS: SingleEmails(self.db),
            DataKind.IMPORT_REFUSALS: ImportRefusals(self.db, self.blobs),
            DataKind.UNCONFIRMED: Unconfirmed(self.db, self.suppressions),
            DataKind.INACTIVE: Inactive(self.db, self.suppressions, self.engine, self.clock),
        }

    @cached_property
    def _address_hashes(self) -> SubjectHashes:
        return SubjectHashes(self.settings.key, self.settings.previous_keys)

    @cached_property
    def _rows_about(self) -> RowsAbout:
        return RowsAbout(self.db, self.engine, self.blobs, self.vault)
