"""Contacts one at a time and page by page: find, save, delete."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.contacts.addresses import comparable, normalise
from core.contacts.attributes import AttributeType, Value, check_name, check_room, declare, declared, fitted, type_of
from core.contacts.changes import mark_changed, next_change
from core.contacts.consent.consent import Consent, ConsentStatus
from core.contacts.consent.evidence import Evidence
from core.contacts.consent.joining import ask_instead, asks_first
from core.contacts.consent.records import add_records
from core.contacts.deleting import remove_in
from core.contacts.finding import find_contact, one_contact
from core.contacts.lookup import CONTACT_COLUMNS, Contact, as_contact, what_changed
from core.contacts.membership import is_on_list, join_changed
from core.contacts.person_names import MAX_NAME, check_person_name
from core.contacts.suppression.address_hashes import AddressHashes
from core.contacts.suppression.suppression import Suppressions
from core.contacts.tables import contacts, lists
from core.contacts.visibility import is_known_elsewhere, not_yours, require_known, seen_one_by_one, seen_together
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database

__all__ = ["MAX_NAME", "Contact", "Contacts"]


class Contacts:
    """Finds, saves and deletes contacts; somebody limited to some lists sees and touches the people on them only.

    Args:
        db: The database.
        clock: The time.
        hashes: Recognises addresses that were erased and suppressed.
    """

    def __init__(self, db: Database, clock: Clock, hashes: AddressHashes | None = None) -> None:
        self._db, self._clock = db, clock
        self._suppressions, self._consent = Suppressions(db, clock, hashes), Consent(db, clock)

    def get(self, by: Principal, contact_id: int) -> Contact:
        """Return a contact.

        Raises:
            Denied: If `by` may not see contacts.
            NotFound: If this workspace has no such contact.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return one_contact(connection, by, contact_id)

    def find(self, by: Principal, email: str) -> Contact | None:
        """Return the contact with this address in any spelling, or None.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return find_contact(connection, by.workspace_id, comparable(email), *seen_one_by_one(by))

    def newest(self, by: Principal) -> Contact | None:
        """Return the contact that came last, or None; `Directory` looks through all of them.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        wanted = sa.select(*CONTACT_COLUMNS).where(contacts.c.workspace_id == by.workspace_id, *seen_together(by))
        with self._db.read() as connection:
            row = connection.execute(wanted.order_by(contacts.c.id.desc()).limit(1)).one_or_none()
        return as_contact(row) if row else None

    def count(self, by: Principal) -> int:
        """Return how many contacts there are to be seen.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        counted = sa.select(sa.func.count()).select_from(contacts).where(contacts.c.workspace_id == by.workspace_id, *seen_together(by))
        with self._db.read() as connection:
            return connection.execute(counted).scalar_one()

    def attributes(self, by: Principal) -> dict[str, AttributeType]:
        """Return the declared attributes and their types, by name.

        Raises:
            Denied: If `by` may not see contacts.
        """
        by.require(Permission.CONTACTS_VIEW)
        with self._db.read() as connection:
            return declared(connection, by.workspace_id)

    def save(
        self,
        by: Principal,
        email: str,
        *,
        first_name: str = "",
        last_name: str = "",
        attributes: Mapping[str, object] | None = None,
        list_ids: Sequence[int] = (),
        consent: ConsentStatus = ConsentStatus.SUBSCRIBED,
        source: str = "manual",
        consent_held: bool = False,
    ) -> Contact:
        """Create a contact or add what is given to an existing one; nobody is subscribed again by this.

        Args:
            by: Who saves.
            email: The address, in any spelling.
            first_name: Empty keeps what is there.
            last_name: Empty keeps what is there.
            attributes: Values by attribute name; new names are declared, None and empty text keep what is there.
            list_ids: Lists to be put on as well.
            consent: For a new contact, what is recorded; for an existing one, only a withdrawal counts.
            source: Where the contact comes from ("manual", "form:3").
            consent_held: Whether it can be shown already that they agreed to be on these lists; else those with double opt-in ask.

        Raises:
            Denied: If `by` may not edit contacts, or not this one.
            InvalidInput: If the address, a name or an attribute can't be used, or somebody limited to some lists names none of them.
            NotFound: If this workspace has no such list.
        """
        by.require(Permission.CONTACTS_EDIT)
        address = normalise(email)
        names = {"first_name": check_person_name(first_name), "last_name": check_person_name(last_name)}
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            values = self._values(connection, by, attributes or {})
            before = self._before(connection, by, address, list_ids)
            if before is None:
                fields = {"email": address, **names, "attributes": values}
                if consent is ConsentStatus.SUBSCRIBED and not consent_held and asks_first(connection, by.workspace_id, list_ids):
                    consent = ConsentStatus.PENDING
                contact_id = self._create(connection, by, change, fields, consent, source)
            else:
                contact_id = self._update(connection, by, change, before, names, values)
                if consent is ConsentStatus.UNSUBSCRIBED:
                    self._consent.withdraw(connection, by.workspace_id, [contact_id], Evidence.of(by, source))
            self._join(connection, by, change, contact_id, list_ids, consent_held=consent_held)
            saved = one_contact(connection, by, contact_id)
            told = what_changed(before, saved, list_ids)
            record(connection, self._clock.now(), by, AuditAction.CONTACT_SAVED, f"contact:{contact_id}", after=told)
            return saved

    def delete(self, by: Principal, contact_id: int) -> None:
        """Delete a contact; the address of one who had unsubscribed is suppressed, so that no import brings it back into the mail.

        What proves the consent stays under a number that leads to nobody any more: what was said and when, without the network
        and the browser it was said from.

        Raises:
            Denied: If `by` may not edit contacts, or this one is also on a list they may not see.
            NotFound: If this workspace has no such contact.
        """
        by.require(Permission.CONTACTS_EDIT)
        with self._db.transaction() as connection:
            change = next_change(connection, by.workspace_id)
            one_contact(connection, by, contact_id)
            if is_known_elsewhere(connection, by, contact_id):
                raise Denied("Others use this contact too, so you can’t delete it.", hint="Take them off your lists instead.")
            remove_in(connection, self._suppressions, by.workspace_id, change, [contact_id])
            record(connection, self._clock.now(), by, AuditAction.CONTACT_DELETED, f"contact:{contact_id}")

    def _before(self, connection: sa.Connection, by: Principal, address: str, list_ids: Sequence[int]) -> Contact | None:
        """Return the contact of an address that `by` is about to save, or None for a new one."""
        if by.lists is None:
            return find_contact(connection, by.workspace_id, address)
        before = find_contact(connection, by.workspace_id, address, *seen_one_by_one(by))
        if before is None and not list_ids:  # asked before anybody is looked for, so that nothing is learned by leaving it out
            raise InvalidInput("Choose a list for this person.", hint="You see the people on your lists only.")
        if before is None and find_contact(connection, by.workspace_id, address) is not None:
            raise not_yours()
        return before

    def _values(self, connection: sa.Connection, by: Principal, given: Mapping[str, object]) -> dict[str, Value]:
        """Return what is given as its attributes keep it, declaring new ones by the type of their first value."""
        present = {check_name(name): value for name, value in given.items() if value is not None and value != ""}
        if not present:
            return {}
        known = declared(connection, by.workspace_id)
        new = {name: type_of(value) for name, value in present.items() if name not in known}
        require_known(by, new, "fields")
        check_room(known | new)
        values = {name: fitted(name, value, (known | new)[name]) for name, value in present.items()}
        declare(connection, by.workspace_id, new, self._clock.now())
        return values

    def _create(
        self, connection: sa.Connection, by: Principal, change: int, fields: dict[str, Any], consent: ConsentStatus, source: str
    ) -> int:
        now = self._clock.now()
        row = {**fields, "workspace_id": by.workspace_id, "consent": consent.value, "source": source}
        statement = sa.insert(contacts).values(**row, created_at=now, updated_at=now, updated_seq=change).returning(contacts.c.id)
        contact_id = int(connection.execute(statement).scalar_one())
        add_records(connection, by.workspace_id, [contact_id], consent, Evidence.of(by, source), now)
        self._suppressions.restore_in(connection, by.workspace_id, [fields["email"]])
        return contact_id

    def _update(
        self, connection: sa.Connection, by: Principal, change: int, before: Contact, names: dict[str, str], values: dict[str, Value]
    ) -> int:
        after: dict[str, Any] = {name: text for name, text in names.items() if text and text != getattr(before, name)}
        merged = {**before.attributes, **values}
        if merged != before.attributes:
            after["attributes"] = merged
        if after:
            mine = sa.update(contacts).where(contacts.c.workspace_id == by.workspace_id, contacts.c.id == before.id)
            connection.execute(mine.values(**after, updated_at=self._clock.now(), updated_seq=change))
        return before.id

    def _join(
        self, connection: sa.Connection, by: Principal, change: int, contact_id: int, list_ids: Sequence[int], *, consent_held: bool
    ) -> None:
        for list_id in list_ids:
            by.require_list(list_id)
            mine = sa.select(lists.c.id).where(lists.c.workspace_id == by.workspace_id, lists.c.id == list_id)
            if connection.execute(mine).scalar() is None:
                raise NotFound("There is no such list.", hint="It may have been deleted; choose another one.")
            mark_changed(connection, by.workspace_id, change, contacts.c.id == contact_id, ~is_on_list(list_id))
            if consent_held or not ask_instead(connection, self._db, self._clock, by, list_id, change):
                join_changed(connection, by.workspace_id, list_id, change, self._clock.now())
