"""Trying a campaign out: copies to oneself and to seed addresses, as some contact would get them, that count nowhere."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import product

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.models import Campaign
from core.campaigns.plans import pinned_version
from core.campaigns.tables import campaigns
from core.campaigns.visibility import this
from core.clock import Clock
from core.contacts.addresses import disguised, normalise
from core.contacts.consent.consent import ConsentStatus
from core.contacts.contacts import Contacts
from core.contacts.lookup import Contact
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppressed import first_of
from core.errors import Conflict, InvalidInput, NotFound, PostwrightError
from core.messages.composing import Composer, Fill
from core.messages.plan import SendPlan
from core.permissions import Permission, Principal
from core.providers.base import Outcome, Provider
from core.providers.connections import Connections
from core.storage.database import Database
from core.storage.tables import workspaces
from core.templates.brands.reading import brand_fields
from core.templates.languages.choice import normal_language
from core.templates.library.templates import Templates, TemplateVersion
from core.templates.rendering.renderer import fill

_logger = logging.getLogger(__name__)
MOST_AT_ONCE = 60  # the list of seed addresses, and some more


@dataclass(frozen=True)
class Tried:
    """What became of one copy.

    Args:
        address: Where it was to go.
        refused: Why it was not taken, in words; empty where it was.
    """

    address: str
    refused: str


@dataclass(frozen=True)
class Copies:
    """What is sent as a test.

    Args:
        plan: How it is written.
        action: What is put on record.
        target: Of what that is.
        language: Which it is read in, "" for the main one; None for that of whose values fill it in.
        reader: The address of the contact whose values fill it in; "" for whoever has the address it goes to, else the newest one.
        filled_by: What fills it in.
    """

    plan: SendPlan
    action: AuditAction
    target: str
    language: str | None = None
    reader: str = ""
    filled_by: Fill = fill


class Trying:
    """Sends test messages.

    Args:
        db: The database.
        clock: The time.
        templates: What is sent.
        connections: How it is sent.
        contacts: Whose values fill the merge fields.
        composer: Writes the message.
        hashes: Recognises addresses that were erased.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        templates: Templates,
        connections: Connections,
        contacts: Contacts,
        composer: Composer,
        hashes: AddressHashes,
    ) -> None:
        self._db, self._clock, self._templates, self._hashes = db, clock, templates, hashes
        self._connections, self._contacts, self._composer = connections, contacts, composer

    def send(
        self,
        by: Principal,
        campaign: Campaign,
        addresses: Sequence[str],
        language: str | None = None,
        step: Callable[[int, int], None] | None = None,
    ) -> tuple[Tried, ...]:
        """Send one copy to each address, written for its contact, else for the newest one (or an empty one where there is nobody yet).

        Args:
            by: Who tries.
            campaign: What is tried.
            addresses: Where copies go; one that is said twice gets one.
            language: Which it is read in, "" for the main one; by default that of the contact.
            step: Is told how many have been tried, and of how many.

        Raises:
            Conflict: If nothing can be sent through its connection.
            InvalidInput: If there is no address, or there are too many, or it is not written in that language.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        plan = self._plan(by, campaign)
        tag = known_language(language, plan.version.languages)
        copies = Copies(plan, AuditAction.CAMPAIGN_TESTED, f"campaign:{campaign.id}", tag)
        return self.hand_over(by, copies, addresses, step)

    def hand_over(
        self, by: Principal, copies: Copies, addresses: Sequence[str], step: Callable[[int, int], None] | None = None
    ) -> tuple[Tried, ...]:
        """Send one copy to each address, and put on record that this was done; also where whoever waits for it has gone.

        Args:
            by: Who tries; that they may is looked at before.
            copies: What is sent.
            addresses: Where copies go; one that is said twice gets one.
            step: Is told how many have been tried, and of how many.

        Raises:
            Denied: If `by` may not see contacts.
            Conflict: If nothing can be sent through the connection.
            InvalidInput: If there is no address, or there are too many.
            NotFound: If it is to be written for a contact there is not.
        """
        by.require(Permission.CONTACTS_VIEW)  # not found out at each address, as if the address were to blame
        self._connections.get(by, copies.plan.connection_id).must_send()
        addresses = _each_once(addresses)
        if not 0 < len(addresses) <= MOST_AT_ONCE:
            raise InvalidInput("Choose where the test goes.", hint=f"A test goes to 1 to {MOST_AT_ONCE} addresses at once.")
        chosen, found = self._chosen(by, copies.reader), list[Tried]()
        try:
            with closing(self._connections.open(by.workspace_id, copies.plan.connection_id)) as provider:
                for address in addresses:
                    found.append(self._try(by, copies, provider, address, chosen))
                    if step:
                        step(len(found), len(addresses))
        except PostwrightError as error:
            if not found:
                raise
            _logger.error("a test was not sent to the end: %s", type(error).__name__)  # what it says may name somebody
        finally:
            self._note(by, copies, found)
        return (*found, *(Tried(one, "It was not sent: what came before it failed.") for one in addresses[len(found) :]))

    def check(self, by: Principal, campaign: Campaign) -> None:
        """Do nothing if the campaign could be sent now: the connection sends, and it can be written, with each subject and language.

        Raises:
            Conflict: If nothing can be sent through its connection.
            InvalidInput: If the message can't be written.
        """
        self._connections.get(by, campaign.connection_id).must_send()
        plan, sample = self._plan(by, campaign), self._sample(by, campaign.from_email)
        for arm, language in product(plan.arms, ["", *plan.version.languages]):
            self._composer.compose_test(plan, _reading(sample, language), sample.email, arm, at=self._clock.now())

    def _try(self, by: Principal, copies: Copies, provider: Provider, address: str, chosen: Contact | None) -> Tried:
        """Send one copy; what is wrong with this one keeps none from the others."""
        try:
            to = normalise(address)
            self._must_be_open(by, to)
            sample = chosen or self._sample(by, to)
            reader = sample if copies.language is None else _reading(sample, copies.language)
            message = self._composer.compose_test(copies.plan, reader, to, at=self._clock.now(), filled_by=copies.filled_by)
            (result,) = provider.send([message])
        except PostwrightError as error:
            return Tried(address, str(error))
        except Exception as error:  # copies that have left must be told of, whatever became of this one
            _logger.error("a copy of a test failed: %s", type(error).__name__)
            return Tried(address, "Something went wrong; it is not known whether it was sent.")
        return Tried(to, "" if result.outcome is Outcome.ACCEPTED else result.reason or f"The server answered: {result.outcome.value}.")

    def _must_be_open(self, by: Principal, to: str) -> None:
        """Nobody writes to a suppressed address, be it for a test."""
        with self._db.read() as connection:
            listed = first_of(connection, by.workspace_id, [to])
            erased = self._hashes.reasons(connection, by.workspace_id, [to])
        if listed or erased:
            raise Conflict("This address is suppressed.", hint="Suppressions says why; take it off there if its owner wants mail again.")

    def _note(self, by: Principal, copies: Copies, found: Sequence[Tried]) -> None:
        if not found:
            return
        to = [disguised(by.workspace_id, one.address) for one in found]
        after = {"to": to, "taken": sum(not one.refused for one in found)}
        try:
            with self._db.transaction() as connection:
                record(connection, self._clock.now(), by, copies.action, copies.target, after=after)
        except PostwrightError as error:  # the copies have left: an error would say that none has, and have them sent twice
            _logger.error("a test of %s was sent and could not be put on record: %s", copies.target, type(error).__name__)

    def _chosen(self, by: Principal, email: str) -> Contact | None:
        chosen = self._contacts.find(by, email) if email.strip() else None
        if email.strip() and chosen is None:
            raise NotFound("No contact has the address the test is to be written for.", hint="Say one of your contacts, or nobody.")
        return chosen

    def _sample(self, by: Principal, to: str) -> Contact:
        found = self._contacts.find(by, to) or self._contacts.newest(by)
        now = self._clock.now()
        return found or Contact(0, to, "", "", {}, ConsentStatus.UNKNOWN, now, now)

    def _plan(self, by: Principal, campaign: Campaign) -> SendPlan:
        version, first = self._version(by, campaign), campaign.headings[0]
        with self._db.read() as connection:
            place = connection.execute(sa.select(workspaces).where(workspaces.c.id == by.workspace_id)).one()
            frozen = connection.execute(sa.select(campaigns.c.brand).where(*this(by, campaign.id))).scalar_one_or_none()
            brand = frozen or brand_fields(connection, by.workspace_id, campaign.template_id)
            pinned = pinned_version(connection, by.workspace_id, version.id, version)
        return SendPlan(
            workspace_id=by.workspace_id,
            campaign_id=campaign.id,
            campaign_name=campaign.name,
            from_email=campaign.from_email,
            from_name=campaign.from_name,
            headings=first,
            arms={number: one.beside(first) for number, one in enumerate(campaign.headings)},
            version=pinned,
            connection_id=campaign.connection_id,
            link_ids=(),
            workspace={"name": place.name, "postal_address": place.postal_address},
            track_conversions=False,
            brand=brand,
        )

    def _version(self, by: Principal, campaign: Campaign) -> TemplateVersion:
        """Return what would be sent now: the pinned version, or the newest one of a draft."""
        if campaign.template_version_id is None:
            return self._templates.latest_to_send(by, campaign.template_id)
        return self._templates.version(by.workspace_id, campaign.template_version_id)


def _each_once(addresses: Sequence[str]) -> list[str]:
    """Return the addresses in order, each once however it is spelt; what is none stays, and is told of."""
    found: dict[str, str] = {}
    for one in filter(None, map(str.strip, addresses)):
        try:
            found.setdefault(normalise(one), one)
        except InvalidInput:
            found.setdefault(one, one)
    return list(found.values())


def known_language(language: str | None, known: Collection[str]) -> str | None:
    """Return a language as it is kept; as it is where none is named.

    Args:
        language: In any spelling; "" for the main one, None for that of whose values fill it in.
        known: The languages an email has besides its main one.

    Raises:
        InvalidInput: If the email is not written in it.
    """
    if not language:
        return language
    tag = normal_language(language)
    if tag not in known:
        hint = f"It has {', '.join(sorted(known))} besides its main one." if known else "It has only its main one."
        raise InvalidInput(f"This email is not written in the language {tag}.", hint=hint)
    return tag


def _reading(reader: Contact, language: str) -> Contact:
    """Return somebody as if they read a language; "" for the main one."""
    return replace(reader, attributes={**reader.attributes, "language": language})
