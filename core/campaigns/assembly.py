"""All that has to do with sending, put together over connections, sender domains and preflight."""

from __future__ import annotations

from functools import cached_property

from core.campaigns.seeds import SeedAddresses
from core.campaigns.template_uses import uses_of_template
from core.campaigns.visibility import seen_campaign_ids
from core.contacts.suppression.address_hashes import AddressHashes
from core.links.tokens import TokenSigner
from core.links.urls import TrackingUrls
from core.messages.composing import Composer
from core.messages.delivery import Delivery
from core.messages.eligibility import Eligibility
from core.messages.flight_files import this_boot
from core.messages.flights import Flights
from core.messages.gate import Gate
from core.messages.keys import MessageKeys
from core.messages.ledger import Ledger
from core.messages.looking_up import Messages
from core.messages.posting import Posting
from core.messages.recipients import Recipients
from core.messages.request_composing import RequestComposer
from core.messages.request_delivery import RequestDelivery
from core.messages.requests import Requests
from core.messages.standings import Standings
from core.messages.ways import Ways
from core.preflight.assembly import PreflightServices
from core.providers.pace_book import PaceBook
from core.storage.journal import JournalWriter
from core.templates.assembly import TemplateServices
from core.templates.library.versions import Versions


class SendingServices(PreflightServices, TemplateServices):
    """The ledger, what fills and empties it, and those who read it."""

    @cached_property
    def token_signer(self) -> TokenSigner:
        """Signs what stands in links."""
        return TokenSigner(self.settings.key, self.settings.previous_keys)

    @cached_property
    def composer(self) -> Composer:
        """Writes the emails of campaigns."""
        return Composer(self._urls, self.settings.key)

    @cached_property
    def ledger(self) -> Ledger:
        """One row per email."""
        return Ledger(self.db, self.clock, seen_campaign_ids)

    @cached_property
    def messages(self) -> Messages:
        """The ledger as people read it."""
        return Messages(self.db, seen_campaign_ids)

    @cached_property
    def delivery(self) -> Delivery:
        """The loop that sends."""
        return Delivery(self.clock, self.ledger, self.posting, Eligibility(self.db, self.clock), self.composer, self._ways)

    @cached_property
    def gate(self) -> Gate:
        """The hours campaigns may go out in."""
        return Gate(self.db, self.clock)

    @cached_property
    def posting(self) -> Posting:
        """Puts on record what leaves and what came of it."""
        return Posting(self.clock, self.ledger, self._delivery_journal, Flights(self.settings.flights_dir, this_boot()))

    @cached_property
    def address_hashes(self) -> AddressHashes:
        """What suppressed addresses are recognised by once they are erased."""
        return AddressHashes(self.settings.key, self.settings.previous_keys)

    @cached_property
    def requests(self) -> Requests:
        """Single messages that programs ask for."""
        return Requests(self.db, self.clock, self.vault, self.connections, self.address_hashes)

    @cached_property
    def request_delivery(self) -> RequestDelivery:
        """What sends them."""
        composer = RequestComposer(self._urls, self.settings.key)
        parts = (self.db, self.clock, self.vault, self.ledger, self.posting, composer, self._ways)
        return RequestDelivery(*parts, self.address_hashes)

    @cached_property
    def message_keys(self) -> MessageKeys:
        """The names of messages outside."""
        return MessageKeys(self.settings.key, self.settings.previous_keys)

    @cached_property
    def recipients(self) -> Recipients:
        """Who got a campaign, who did not, and why."""
        return Recipients(self.db, self.clock, seen_campaign_ids)

    @cached_property
    def standings(self) -> Standings:
        """How campaigns stand right now."""
        return Standings(self.db, self.clock, seen_campaign_ids)

    @cached_property
    def template_versions(self) -> Versions:
        """What templates were, and what uses them."""
        return Versions(self.db, self.templates, uses_of_template)

    @cached_property
    def seed_addresses(self) -> SeedAddresses:
        """The mailboxes that tests go to."""
        return SeedAddresses(self.db, self.clock)

    @cached_property
    def _ways(self) -> Ways:
        return Ways(self.clock, self.connections, PaceBook(self.db, self.clock))

    @cached_property
    def _urls(self) -> TrackingUrls:
        return TrackingUrls(self.token_signer, self.settings.public_url)

    def _delivery_journal(self) -> JournalWriter:
        return JournalWriter(self.settings.journal_dir, "delivery")
