"""Seed addresses: mailboxes of one's own, in as many mail programs as one likes, that tests go to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.audit.actions import AuditAction
from core.audit.recording import record
from core.campaigns.tables import seed_addresses
from core.clock import Clock
from core.contacts.addresses import disguised, normalise
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database, insert_or_ignore
from core.storage.tables import workspaces
from core.templates.library.names import is_text

MAX_SEEDS = 50
MAX_LABEL = 100
_s = seed_addresses.c


@dataclass(frozen=True)
class SeedAddress:
    """A mailbox that tests go to.

    Args:
        id: Its number.
        email: The address; there is one of each in a workspace.
        label: What is read there, in words ("Outlook on Windows"); may be empty.
        created_by: Who put it on the list.
        created_at: When.
    """

    id: int
    email: str
    label: str
    created_by: str
    created_at: datetime


class SeedAddresses:
    """The list of a workspace. Whoever may send may read and change it: a test goes wherever they like anyway.

    Args:
        db: The operational database.
        clock: The time.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db, self._clock = db, clock

    def all(self, by: Principal) -> list[SeedAddress]:
        """Return the list, in the order it was written.

        Raises:
            Denied: If `by` may not send.
        """
        by.require(Permission.CAMPAIGNS_SEND)
        with self._db.read() as connection:
            rows = connection.execute(sa.select(seed_addresses).where(_s.workspace_id == by.workspace_id).order_by(_s.id))
            return [SeedAddress(row.id, row.email, row.label, row.created_by, row.created_at) for row in rows]

    def add(self, by: Principal, email: str, label: str = "") -> SeedAddress:
        """Put an address on the list.

        Args:
            by: Who does.
            email: The address.
            label: What is read there, in words.

        Raises:
            Denied: If `by` may not send, or is limited to some lists.
            InvalidInput: If the address or the words can't be used, or the list is full.
            Conflict: If it is on the list.
        """
        _may_change(by)
        email, label, now = normalise(email), _checked(label), self._clock.now()
        row = {"workspace_id": by.workspace_id, "email": email, "label": label, "created_by": by.label, "created_at": now}
        mine = _s.workspace_id == by.workspace_id
        with self._db.transaction() as connection:
            # One after the other: of two at once each would see the room that is left for one.
            connection.execute(sa.select(workspaces.c.id).where(workspaces.c.id == by.workspace_id).with_for_update(key_share=True))
            if connection.execute(sa.select(sa.func.count()).select_from(seed_addresses).where(mine)).scalar_one() >= MAX_SEEDS:
                raise InvalidInput(f"There are {MAX_SEEDS} seed addresses already.", hint="Remove one that nobody reads.")
            if not insert_or_ignore(connection, seed_addresses, [row]):
                raise Conflict("This address is on the list already.", hint="Remove it first to call it something else.")
            seed_id = connection.execute(sa.select(_s.id).where(mine, _s.email == email)).scalar_one()
            after = {"address": disguised(by.workspace_id, email), "label": label}
            record(connection, now, by, AuditAction.SEED_ADDRESS_ADDED, f"seed_address:{seed_id}", after=after)
        return SeedAddress(seed_id, email, label, by.label, now)

    def remove(self, by: Principal, seed_id: int) -> None:
        """Take an address off the list.

        Raises:
            Denied: If `by` may not send, or is limited to some lists.
            NotFound: If this workspace has no such seed address.
        """
        _may_change(by)
        this = (_s.workspace_id == by.workspace_id, _s.id == seed_id)
        with self._db.transaction() as connection:
            row = connection.execute(sa.select(seed_addresses).where(*this).with_for_update()).one_or_none()
            if row is None:
                raise NotFound("There is no such seed address.", hint="Somebody may have removed it.")
            connection.execute(sa.delete(seed_addresses).where(*this))
            before = {"address": disguised(by.workspace_id, row.email), "label": row.label}
            record(connection, self._clock.now(), by, AuditAction.SEED_ADDRESS_REMOVED, f"seed_address:{seed_id}", before=before)


def _may_change(by: Principal) -> None:
    """The list is everybody's: what is said of an address could be about somebody that who is limited to some lists doesn't see."""
    by.require(Permission.CAMPAIGNS_SEND)
    if by.lists is not None:
        raise Denied("You can use the seed addresses there are, but not change them.", hint="Ask somebody who may see all lists.")


def _checked(label: str) -> str:
    label = " ".join(label.split())
    if len(label) > MAX_LABEL or not is_text(label):
        raise InvalidInput("This can’t be used as a label.", hint=f"Use at most {MAX_LABEL} characters, such as “Outlook on Windows”.")
    return label
