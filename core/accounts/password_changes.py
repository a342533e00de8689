"""How a password changes: by its owner who knows the old one, or by whoever runs the server."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.tables import memberships, password_resets, people, session_tickets, sessions
from core.accounts.throttles import OWN_PASSWORD, Throttles
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Denied, InvalidInput, NotFound
from core.permissions import Permission, Principal
from core.storage.database import Database
from core.storage.tables import workspaces


class PasswordChanges:
    """Gives people new passwords; every change ends all their sessions.

    Args:
        db: The operational database.
        clock: The time.
        throttles: Counts tries of the current password: an open session must not be a way to guess it.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(self, db: Database, clock: Clock, throttles: Throttles, rounds: int = passwords.ROUNDS) -> None:
        self._db = db
        self._clock = clock
        self._throttles = throttles
        self.rounds = rounds

    def change(self, by: Principal, current: str, new: str) -> None:
        """Change the principal's own password and end all their sessions.

        Raises:
            Denied: Without `account.manage`: an API token has no password.
            InvalidInput: If the current password is wrong, there were too many tries, or the new one can't be used.
        """
        by.require(Permission.ACCOUNT_MANAGE)
        with self._db.read() as connection:
            passwords.check_strength(new, known_words(connection, people.c.id == by.person_id))
            stored = connection.execute(sa.select(people.c.password_hash).where(people.c.id == by.person_id)).scalar() or ""
        counted = self._throttles.begin(OWN_PASSWORD, str(by.person_id))
        if not counted or not passwords.verify(current, stored, rounds=self.rounds):
            raise InvalidInput(
                "The current password is not right.",
                hint="Type it again, or sign out and let a new one be sent. After several tries you wait.",
            )
        self._throttles.forgive(OWN_PASSWORD, str(by.person_id))
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
        whose = people.c.email == email.strip().lower()
        with self._db.read() as connection:
            passwords.check_strength(new, known_words(connection, whose))
        if not self._store(by, whose, new):
            raise NotFound("Nobody signs in with this address.", hint="`postwright users list` shows who does.")

    def _store(self, by: Principal, whose: sa.ColumnElement[bool], password: str) -> bool:
        hashed = passwords.hash_password(password, rounds=self.rounds)
        with self._db.transaction() as connection:
            now = self._clock.now()
            person_id = connection.execute(sa.select(people.c.id).where(whose)).scalar()
            if person_id is None:
                return False
            store_password(connection, person_id, hashed, now)
            record(connection, now, by, AuditAction.PASSWORD_CHANGED, f"person:{person_id}")
        return True


def store_password(connection: sa.Connection, person_id: int, hashed: str, now: datetime) -> None:
    """Give somebody a new password in an open transaction: their sessions, tickets and earlier reset links end, their lock is lifted.

    Args:
        connection: An open transaction.
        person_id: Who.
        hashed: From `hash_password`.
        now: When.
    """
    values = {"password_hash": hashed, "failed_attempts": 0, "locked_until": None}
    connection.execute(sa.update(people).where(people.c.id == person_id).values(**values))
    open_ones = (sessions.c.person_id == person_id, sessions.c.revoked_at.is_(None))
    connection.execute(sa.update(sessions).where(*open_ones).values(revoked_at=now))
    connection.execute(sa.delete(session_tickets).where(session_tickets.c.person_id == person_id))
    connection.execute(sa.delete(password_resets).where(password_resets.c.person_id == person_id))


def known_words(connection: sa.Connection, whose: sa.ColumnElement[bool]) -> list[str]:
    """Return what a guesser knows of somebody too: their name, their address, their workspaces' names."""
    joined = people.outerjoin(memberships, memberships.c.person_id == people.c.id).outerjoin(
        workspaces, workspaces.c.id == memberships.c.workspace_id
    )
    rows = connection.execute(sa.select(people.c.name, people.c.email, workspaces.c.name).select_from(joined).where(whose))
    return [word for row in rows for word in row if word]
