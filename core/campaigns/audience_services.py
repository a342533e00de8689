"""What people do with the people they write to, put together: the table, profiles, tags, notes, fields, merging."""

from __future__ import annotations

from functools import cached_property

from core.campaigns.assembly import SendingServices
from core.campaigns.field_uses import uses_of
from core.contacts.bulk import BulkChanges
from core.contacts.consent.asked_addresses import AskedAddresses
from core.contacts.directory import Directory
from core.contacts.fields import Fields
from core.contacts.forms import Forms
from core.contacts.hosted.public_lists import PublicLists
from core.contacts.notes import Notes
from core.contacts.profile import Profiles
from core.contacts.suppression.everywhere import SuppressedEverywhere
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tags import Tags
from core.contacts.uniting import Merges


class AudienceServices(SendingServices):
    """The services around single people."""

    @cached_property
    def directory(self) -> Directory:
        """Looking through the contacts."""
        return Directory(self.db, self.clock, self.lake, self.engine)

    @cached_property
    def suppressions(self) -> Suppressions:
        """Addresses nobody may write to."""
        return Suppressions(self.db, self.clock, self.address_hashes)

    @cached_property
    def suppressed_everywhere(self) -> SuppressedEverywhere:
        """Addresses nobody on this installation may write to."""
        return SuppressedEverywhere(self.db, self.clock, self.address_hashes)

    @cached_property
    def asked_addresses(self) -> AskedAddresses:
        """How often mailboxes were asked by mail whether they want to be written to."""
        return AskedAddresses(self.settings.key, self.settings.previous_keys)

    @cached_property
    def tags(self) -> Tags:
        """Words put on contacts."""
        return Tags(self.db, self.clock)

    @cached_property
    def public_lists(self) -> PublicLists:
        """How people outside see lists."""
        return PublicLists(self.db, self.clock)

    @cached_property
    def forms(self) -> Forms:
        """Sign-up forms that anybody may fill in."""
        return Forms(self.db, self.clock)

    @cached_property
    def bulk_changes(self) -> BulkChanges:
        """Something done to many contacts at once."""
        return BulkChanges(self.db, self.clock, self.suppressions)

    @cached_property
    def profiles(self) -> Profiles:
        """One person in full."""
        return Profiles(self.db, self.clock)

    @cached_property
    def notes(self) -> Notes:
        """What colleagues write about contacts."""
        return Notes(self.db, self.clock)

    @cached_property
    def fields(self) -> Fields:
        """What is kept about contacts."""
        return Fields(self.db, self.clock, uses_of)

    @cached_property
    def merges(self) -> Merges:
        """One contact made of several."""
        return Merges(self.db, self.clock, self.suppressions)
