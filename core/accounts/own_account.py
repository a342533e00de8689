"""Somebody's own account: their name, and how they sign in."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.new_account import checked_name
from core.accounts.tables import people
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied
from core.permissions import Permission, Principal
from core.storage.database import Database


@dataclass(frozen=True)
class Account:
    """What somebody sees of their own account.

    Args:
        name: What they are called.
        email: What they sign in with.
        has_password: Whether they have one; without, they come by an identity provider.
    """

    name: str
    email: str
    has_password: bool


class OwnAccount:
    """Shows and changes the account of the one who asks, in every workspace at once."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def show(self, by: Principal) -> Account:
        """Return the principal's own account.

        Raises:
            Denied: Without `account.manage`, or for what is no person.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        columns = (people.c.name, people.c.email, people.c.password_hash)
        with self._db.read() as connection:
            row = connection.execute(sa.select(*columns).where(people.c.id == by.person_id)).first()
        if row is None:
            raise _nobody()
        return Account(row.name, row.email, row.password_hash != passwords.NO_PASSWORD)

    def rename(self, by: Principal, name: str) -> None:
        """Change what the principal is called.

        Raises:
            Denied: Without `account.manage`, or for what is no person.
            InvalidInput: If the name is empty or too long.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        name = checked_name(name)
        with self._db.transaction() as connection:
            if not connection.execute(sa.update(people).where(people.c.id == by.person_id).values(name=name)).rowcount:
                raise _nobody()
            record(connection, self._clock.now(), by, AuditAction.PERSON_RENAMED, f"person:{by.person_id}")


def _nobody() -> Denied:
    return Denied("Only a person has an account.", hint="Sign in as one.")
