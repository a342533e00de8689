"""Single messages: one email to one person, asked for by a program, on record before anybody is told that it was accepted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.lookup import CONTACT_COLUMNS, Contact, as_contact
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppressed import first_of
from core.contacts.tables import contacts
from core.errors import Conflict, InvalidInput, NotFound, Unavailable
from core.ids import fingerprint
from core.messages.request_checks import checked
from core.messages.request_content import NOTHING, Content, Template, as_given, seal, unseal, written
from core.messages.request_models import Accepted, Request, RequestedMessage
from core.messages.request_rows import suppressed_for
from core.messages.states import MessageState
from core.messages.tables import messages, requests
from core.permissions import Permission, Principal
from core.providers.connections import Connections
from core.providers.entering import kind_named
from core.providers.tables import connections
from core.storage.database import Database
from core.storage.tables import workspaces
from core.storage.vault import Vault
from core.templates.brands.reading import brand_fields
from core.templates.languages.reading import in_languages
from core.templates.library.previewing import contact_fields
from core.templates.tables import template_versions, templates

_r = requests.c


@dataclass(frozen=True)
class _Draft:
    """A request as it is about to be put on record.

    Args:
        contact_id: Whom it is to, None where nobody here has the address.
        suppressed: Why nobody may write to the address, empty where one may.
        row: Most of what is kept.
    """

    contact_id: int | None
    suppressed: str
    row: dict[str, Any]


class Requests:
    """Takes and shows single messages.

    They are no campaign: unsubscribed people get them too (a receipt is no advertisement), and nobody's opens and clicks are
    followed. Somebody limited to some lists can neither ask for one nor see one.

    Args:
        db: The database.
        clock: The time.
        vault: Seals what they say.
        providers: Knows the default connection.
        hashes: Recognises who was erased.
    """

    def __init__(self, db: Database, clock: Clock, vault: Vault, providers: Connections, hashes: AddressHashes | None = None) -> None:
        self._db, self._clock, self._vault, self._providers = db, clock, vault, providers
        self._hashes = hashes or AddressHashes()

    def submit(self, by: Principal, request: Request, idempotency_key: str = "") -> Accepted:
        """Put a message on record; the worker sends it at once.

        To an address that is suppressed nothing is sent: its message is on record as skipped from the beginning.

        Args:
            by: Who asks.
            request: What is to be sent to whom.
            idempotency_key: The caller's name for the request: asking again with it makes no second message.

        Raises:
            Denied: If `by` may not send single messages, or is limited to some lists.
            InvalidInput: If anything in it can't be used, or if the key was used for another request.
            NotFound: If the workspace has no such template or connection.
            Conflict: If nothing can be sent through the connection.
            Unavailable: If somebody was erased and there is no key to recognise them by.
        """
        by.require(Permission.MESSAGES_SEND)
        by.require_all_lists()
        asked = checked(request)
        key = fingerprint(f"{by.label}\x1f{by.via}\x1f{idempotency_key}") if idempotency_key else None
        told = request.fingerprint()
        default = self._providers.default(Principal.system(by.workspace_id)).id if asked.connection is None else None
        with self._db.read() as connection:
            if known := _known(connection, by, key, told):
                return known
            connection_id = _connection_id(connection, by, default or asked.connection, asked.to)
            draft = self._draft(connection, by, asked, connection_id)
        row = draft.row | {"request_key": key, "request_hash": told}
        try:
            with self._db.transaction() as connection:
                return _known(connection, by, key, told) or self._queue(connection, by, row, draft)
        except IntegrityError:
            # The same request came in by two ways at the same moment; the other one was first.
            with self._db.read() as connection:
                if known := _known(connection, by, key, told):
                    return known
            raise

    def get(self, by: Principal, message_id: int) -> RequestedMessage:
        """Return what was asked for, as far as it is still kept.

        Raises:
            Denied: If `by` may neither see messages nor send single ones, or is limited to some lists.
            NotFound: If this workspace has no such message, or a campaign made it.
        """
        by.require_either(Permission.CAMPAIGNS_VIEW, Permission.MESSAGES_SEND)
        by.require_all_lists()
        with self._db.read() as connection:
            way = sa.case((_r.connection_id.is_not(None), messages.c.connection_id)).label("way")  # the one that stood in, if one did
            asked = sa.select(requests, way).join(messages, messages.c.id == _r.message_id)
            row = connection.execute(asked.where(_r.workspace_id == by.workspace_id, _r.message_id == message_id)).one_or_none()
        if row is None:
            raise NotFound("There is no such message.", hint="Messages of campaigns are listed with their campaign.")
        content = self._kept(row.content)
        return RequestedMessage(
            row.message_id,
            content.subject if content else "",
            row.template_version_id,
            row.way,
            content.tags if content else (),
            content.metadata if content else {},
        )

    def _kept(self, sealed: str) -> Content | None:
        """Return what a message said, None where it is forgotten or the keys of now don't open it."""
        try:
            return unseal(sealed, self._vault) if sealed else None
        except Unavailable:
            return None

    def _written(self, connection: sa.Connection, by: Principal, asked: Request, contact: Contact | None) -> tuple[int | None, Content]:
        if asked.template is None:
            return None, as_given(asked)
        template = _template(connection, by, asked.template)
        named = connection.execute(
            sa.select(workspaces.c.name, workspaces.c.postal_address).where(workspaces.c.id == by.workspace_id)
        ).one()
        person: Mapping[str, Any] = contact_fields(contact) if contact else {"email": asked.to, "first_name": "", "last_name": ""}
        return template.id, written(asked, template, person, {"name": named.name, "postal_address": named.postal_address})

    def _draft(self, connection: sa.Connection, by: Principal, asked: Request, connection_id: int) -> _Draft:
        contact = _contact(connection, by, asked.to)
        version_id, content = self._written(connection, by, asked, contact)
        recipient = "" if contact else asked.to
        if why := self._hashes.reasons(connection, by.workspace_id, [asked.to]).get(asked.to, ""):
            recipient, content = "", NOTHING  # who was erased must not be known again by what somebody wanted to send them
        elif listed := first_of(connection, by.workspace_id, [asked.to]):
            why = listed.reason.value
        row = {"workspace_id": by.workspace_id, "recipient": recipient, "template_version_id": version_id, "connection_id": connection_id}
        return _Draft(contact.id if contact else None, why, row | {"content": seal(content, self._vault)})

    def _queue(self, connection: sa.Connection, by: Principal, row: Mapping[str, Any], draft: _Draft) -> Accepted:
        now, state = self._clock.now(), MessageState.SKIPPED if draft.suppressed else MessageState.QUEUED
        queued = {"workspace_id": by.workspace_id, "contact_id": draft.contact_id, "connection_id": row["connection_id"]}
        queued |= {"state": state.value, "reason": suppressed_for(draft.suppressed) if draft.suppressed else ""}
        queued |= {"attempts": 0, "queued_at": now}
        message_id = int(connection.execute(sa.insert(messages).values(queued).returning(messages.c.id)).scalar_one())
        connection.execute(sa.insert(requests).values({**row, "message_id": message_id, "created_at": now}))
        after = {"template_version": row["template_version_id"], "connection": row["connection_id"]}
        record(connection, now, by, AuditAction.MESSAGE_REQUESTED, f"message:{message_id}", after=after)
        return Accepted(message_id, is_new=True, state=state)


def _known(connection: sa.Connection, by: Principal, key: str | None, told: str) -> Accepted | None:
    if key is None:
        return None
    joined = requests.join(messages, messages.c.id == _r.message_id)
    mine = sa.select(_r.message_id, _r.request_hash, messages.c.state).select_from(joined)
    row = connection.execute(mine.where(_r.workspace_id == by.workspace_id, _r.request_key == key)).one_or_none()
    if row is None:
        return None
    if row.request_hash != told:
        raise InvalidInput("This Idempotency-Key was used for another request.", hint="Use a new key for every request.")
    return Accepted(row.message_id, is_new=False, state=MessageState(row.state))


def _connection_id(connection: sa.Connection, by: Principal, named: int | str | None, to: str) -> int:
    column = connections.c
    which = column.id == named if isinstance(named, int) else column.name == (named or "").strip()
    row = connection.execute(sa.select(column.id, column.name, column.kind).where(column.workspace_id == by.workspace_id, which)).first()
    if row is None:
        raise NotFound("There is no such connection.", hint="Admin → Connections lists those there are.")
    if not kind_named(row.kind).sends:
        raise Conflict("This connection takes reports only; nothing can be sent through it yet.", hint="Choose another connection.")
    if not to.isascii() and not kind_named(row.kind).takes_utf8:
        raise InvalidInput(
            f"“to” can’t be used: it has special letters before the @, and “{row.name}” carries no mail to such addresses.",
            hint="Send it through an SMTP server that offers SMTPUTF8, or through Mailgun.",
        )
    return int(row.id)


def _contact(connection: sa.Connection, by: Principal, email: str) -> Contact | None:
    wanted = sa.select(*CONTACT_COLUMNS).where(contacts.c.workspace_id == by.workspace_id, contacts.c.email == email)
    row = connection.execute(wanted).one_or_none()
    return as_contact(row) if row else None


def _template(connection: sa.Connection, by: Principal, named: int | str) -> Template:
    """Return the newest version of a template."""
    version = template_versions.c
    which = templates.c.id == named if isinstance(named, int) else templates.c.name == named.strip()
    wanted = (
        sa.select(version.id, version.template_id, version.html, version.text, version.links, version.fields)
        .join(templates, templates.c.id == version.template_id)
        .where(templates.c.workspace_id == by.workspace_id, version.workspace_id == by.workspace_id, which)
        .order_by(version.number.desc())
        .limit(1)
    )
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound("There is no such template.", hint="Look under Templates for those there are.")
    brand = brand_fields(connection, by.workspace_id, row.template_id)
    shared = (tuple(row.links), tuple(row.fields), brand)
    languages = in_languages(connection, by.workspace_id, row.id, lambda html, text: Template(row.id, html, text, *shared))
    return Template(row.id, row.html, row.text, *shared, languages)
