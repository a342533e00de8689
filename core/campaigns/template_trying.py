"""Trying a template out as it is being written: copies that count nowhere, of what nobody needs to have saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.campaigns.campaigns import Campaigns
from core.campaigns.trying import Copies, Tried, Trying, known_language
from core.contacts.addresses import normalise
from core.contacts.contacts import Contacts
from core.errors import InvalidInput
from core.messages.plan import PinnedVersion, SendPlan
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.providers.content import Filled
from core.providers.mime import header_value
from core.storage.database import Database
from core.storage.tables import workspaces
from core.templates.brands.kits import BrandKits
from core.templates.brands.reading import brand_fields
from core.templates.compiling.compiler import TemplateKind
from core.templates.confined.process import SHARED
from core.templates.languages.headings import Headings
from core.templates.library.making import Made
from core.templates.library.templates import Templates
from core.templates.look.brand import Sender
from core.templates.rendering.renderer import FilledMail, check_subject

_LONGEST_NAME = 200


class TemplateTrying:
    """Sends tests of templates.

    It takes the right to send campaigns, for mail leaves, and the right to change templates, for what is sent need not have been
    saved by anybody: who may only send what others wrote sends nothing else by this.

    Args:
        db: The database.
        campaigns: Whom the newest one is from.
        templates: What is sent.
        brands: Whom that is from.
        connections: How it is sent.
        contacts: Whose values fill the merge fields.
        trying: Sends copies.
    """

    def __init__(
        self,
        db: Database,
        campaigns: Campaigns,
        templates: Templates,
        brands: BrandKits,
        connections: Connections,
        contacts: Contacts,
        trying: Trying,
    ) -> None:
        self._db, self._campaigns, self._templates, self._brands = db, campaigns, templates, brands
        self._connections, self._contacts, self._trying = connections, contacts, trying

    def send(
        self,
        by: Principal,
        template_id: int,
        source: str,
        subject: str,
        addresses: Sequence[str],
        *,
        kind: TemplateKind | None = None,
        from_email: str = "",
        from_name: str = "",
        connection_id: int | None = None,
        reader: str = "",
        language: str | None = None,
        step: Callable[[int, int], None] | None = None,
    ) -> tuple[Tried, ...]:
        """Send one copy of what is in the editor to each address, marked as a test.

        Args:
            by: Who tries.
            template_id: The template, whose brand and languages it has.
            source: What is in the editor.
            subject: The subject, with merge fields.
            addresses: Where copies go; one that is said twice gets one.
            kind: What the source is written in; found out from it where it is not given.
            from_email: The sender's address; that of `sender` where it is empty.
            from_name: The sender's name; may be empty.
            connection_id: What it is sent through; the workspace's default where it is not given.
            reader: The address of the contact whose values fill it in; "" for whoever has the address it goes to, else the newest one.
            language: Which it is read in, "" for the main one; by default that of whose values fill it in.
            step: Is told how many have been tried, and of how many.

        Returns:
            What became of each copy: one that is refused keeps none of the others.

        Raises:
            Denied: If `by` may not send campaigns or not change templates, or not see what it takes.
            Conflict: If nothing can be sent through the connection.
            InvalidInput: If the email can't be written, or there is no address, or there are too many.
            NotFound: If there is no such template, connection or contact.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        by.require(Permission.TEMPLATES_EDIT)
        template, subject = self._templates.get(by, template_id), subject.strip()
        check_subject(subject, self._contacts.attributes(by))
        made = self._templates.unsaved(by, template_id, source, kind)
        tag = known_language(language, made.languages)
        whom = self._from(by, template_id, from_email, from_name)
        through = self._connections.default(by) if connection_id is None else self._connections.get(by, connection_id)
        plan = self._plan(by, template_id, template.name, made, subject, whom, through.id)
        filled_by = partial(_confined, by.workspace_id)
        copies = Copies(plan, AuditAction.TEMPLATE_TESTED, f"template:{template_id}", tag, reader, filled_by)
        return self._trying.hand_over(by, copies, addresses, step)

    def sender(self, by: Principal, template_id: int) -> Sender | None:
        """Return whom tests of a template are from unless told otherwise: the first sender of its brand, else the newest campaign's.

        Raises:
            Denied: If `by` may not send campaigns, or not see them and templates.
            NotFound: If there is no such template.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        brand = self._brands.brand_of(by.workspace_id, self._brands.chosen_for(by, template_id))
        newest = next(iter(self._campaigns.all(by)), None)
        if brand.senders:
            return brand.senders[0]
        return Sender(name=newest.from_name, email=newest.from_email) if newest else None

    def _from(self, by: Principal, template_id: int, email: str, name: str) -> Sender:
        if not email.strip():
            usual = self.sender(by, template_id)
            if usual is None:
                raise InvalidInput("Nobody is named whom the test is from.", hint="Say the sender’s address.")
            email, name = usual.email, name or usual.name
        if len(name) > _LONGEST_NAME:
            raise InvalidInput(f"The sender’s name is longer than {_LONGEST_NAME} characters.", hint="Shorten it.")
        return Sender(name=header_value("The sender’s name", name.strip()), email=normalise(email))

    def _plan(self, by: Principal, template_id: int, name: str, made: Made, subject: str, whom: Sender, connection_id: int) -> SendPlan:
        with self._db.read() as connection:
            place = connection.execute(sa.select(workspaces).where(workspaces.c.id == by.workspace_id)).one()
            brand = brand_fields(connection, by.workspace_id, template_id)
        links = tuple(made.main.links)
        languages = {one.language: PinnedVersion(0, one.html, one.text, links) for one in made.variants}
        return SendPlan(
            workspace_id=by.workspace_id,
            campaign_id=0,
            campaign_name=name,
            from_email=whom.email,
            from_name=whom.name,
            headings=Headings(subject),
            arms={},
            version=PinnedVersion(0, made.main.html, made.main.text, links, languages),
            connection_id=connection_id,
            link_ids=(),
            workspace={"name": place.name, "postal_address": place.postal_address},
            track_conversions=False,
            brand=brand,
        )


def _confined(workspace_id: int, version: PinnedVersion, context: Mapping[str, Any]) -> FilledMail:
    """Fill in what nobody has saved, where it can be stopped."""
    mail = SHARED.render(version, context, whose=workspace_id)
    return FilledMail(Filled.whole(mail.html), Filled.whole(mail.text))
