"""How a password changes: by its owner who knows the old one, or by whoever runs the server."""

from __future__ import annotations

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.tables import people, sessions
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database


class PasswordChanges:
    """Gives people new passwords; every change ends all their sessions.

    Args:
        db: The operational database.
        clock: The time.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(self, db: Database, clock: Clock, rounds: int = passwords.ROUNDS) -> None:
        self._db = db
        self._clock = clock
        self.rounds = rounds

    def change(self, by: Principal, current: str, new: str) -> None:
        """Change the principal's own password and end all their sessions.

        Raises:
            Denied: Without `account.manage`: an API token has no password.
            InvalidInput: If the current password is wrong or the new one can't be used.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        passwords.check_strength(new)
        with self._db.read() as connection:
            stored = connection.execute(sa.select(people.c.password_hash).where(people.c.id == by.person_id)).scalar()
        if not passwords.verify(current, stored or passwords.nobodys_hash(self.rounds)):
            raise InvalidInput("The current password is not right.", hint="Type it again, or ask whoever runs this server for a new one.")
        self._store(by, people.c.id == by.person_id, new)

    def set_by_server(self, by: Principal, email: str, new: str) -> None:
        """Give somebody a new password and end their sessions; for whoever runs the server (the command line), never for a page.

        Raises:
            Denied: For any person: an admin of one workspace must not get into an account that also opens another.
            NotFound: If nobody signs in with this address.
            InvalidInput: If the password can't be used.
        """
        if by.person_id is not None:
            raise Denied("A password can only be reset on the server.", hint="Ask whoever runs this server.")
        passwords.check_strength(new)
        if not self._store(by, people.c.email == email.strip().lower(), new):
            raise NotFound("Nobody signs in with this address.", hint="`postwright users list` shows who does.")

    def _store(self, by: Principal, whose: sa.ColumnElement[bool], password: str) -> bool:
        now = self._clock.now()
        values = {"password_hash": passwords.hash_password(password, rounds=self.rounds), "failed_attempts": 0, "locked_until": None}
        ids = sa.select(people.c.id).where(whose)
        with self._db.transaction() as connection:
            connection.execute(
                sa.update(sessions).where(sessions.c.person_id.in_(ids), sessions.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            changed = connection.execute(sa.update(people).where(whose).values(**values).returning(people.c.id)).scalar()
            if changed is not None:
                record(connection, now, by, AuditAction.PASSWORD_CHANGED, f"person:{changed}")
            return changed is not None
