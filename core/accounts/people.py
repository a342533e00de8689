"""People of a workspace: who they are, what they may do, and who may decide that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from email_validator import EmailNotValidError, validate_email

from core.accounts import passwords
from core.accounts.tables import memberships, people, sessions
from core.clock import Clock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.database import Database, Row, insert_or_ignore

LONGEST_NAME = 120


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, as one workspace sees them.

    Args:
        id: Their number.
        email: What they sign in with, lower case.
        name: What they are called.
        role: What they are in this workspace.
        disabled_at: Since when they may not enter this workspace, or None.
        last_seen_at: When they last used the product, or None.
    """

    id: int
    email: str
    name: str
    role: Role
    disabled_at: datetime | None
    last_seen_at: datetime | None


class People:
    """Adds people to a workspace, gives them roles and takes their access away.

    Args:
        db: The operational database.
        clock: The time.
        rounds: Cost of a password's hash as a power of two; tests lower it.
    """

    def __init__(self, db: Database, clock: Clock, rounds: int = passwords.ROUNDS) -> None:
        self._db = db
        self._clock = clock
        self.rounds = rounds

    def add(self, by: Principal, email: str, name: str, password: str, role: Role) -> Person:
        """Let somebody into the workspace with a first password, which they can change themselves.

        Somebody who has an account already (in another workspace) keeps the password they have.

        Raises:
            Denied: Without `people.manage`.
            InvalidInput: If the address, the name or the password can't be used.
            Conflict: If they are in the workspace already.
        """
        by.require(Permission.PEOPLE_MANAGE)
        account = checked_account(email, name, password, self.rounds)
        with self._db.transaction() as connection:
            person_id = self.add_in(connection, by.workspace_id, account, role)
        return self._get(by.workspace_id, person_id)

    def add_in(self, connection: sa.Connection, workspace_id: int, account: Row, role: Role) -> int:
        """Write an account made by `checked_account` and its membership in an open transaction; return the person's number."""
        now = self._clock.now()
        insert_or_ignore(connection, people, [{**account, "created_at": now}])
        person_id = int(connection.execute(sa.select(people.c.id).where(people.c.email == account["email"])).scalar_one())
        member = {"workspace_id": workspace_id, "person_id": person_id, "role": role.value, "created_at": now}
        if not insert_or_ignore(connection, memberships, [member]):
            raise Conflict("This address already belongs to somebody in this workspace.", hint="Change their role instead.")
        return person_id

    def all(self, by: Principal) -> list[Person]:
        """Return the workspace's people, the active first, by name.

        Raises:
            Denied: Without `people.manage`.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.read() as connection:
            order = (memberships.c.disabled_at.isnot(None), sa.func.lower(people.c.name), people.c.id)
            rows = connection.execute(_members(by.workspace_id).order_by(*order)).mappings()
            return [_person(row) for row in rows]

    def set_role(self, by: Principal, person_id: int, role: Role) -> Person:
        """Give somebody another role; it counts from their next click.

        Raises:
            Denied: Without `people.manage`.
            NotFound: If they are not in this workspace.
            Conflict: If nobody would be admin any more.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.transaction() as connection:
            if role is not Role.ADMIN:
                _keep_an_admin(connection, by.workspace_id, person_id)
            _change(connection, by.workspace_id, person_id, role=role.value)
        return self._get(by.workspace_id, person_id)

    def disable(self, by: Principal, person_id: int) -> Person:
        """Keep somebody out of the workspace and end their sessions in it; what they did stays.

        Raises:
            Denied: Without `people.manage`.
            NotFound: If they are not in this workspace.
            Conflict: If nobody would be admin any more.
        """
        by.require(Permission.PEOPLE_MANAGE)
        now = self._clock.now()
        open_here = (sessions.c.person_id == person_id, sessions.c.workspace_id == by.workspace_id, sessions.c.revoked_at.is_(None))
        with self._db.transaction() as connection:
            _keep_an_admin(connection, by.workspace_id, person_id)
            _change(connection, by.workspace_id, person_id, disabled_at=now)
            connection.execute(sa.update(sessions).where(*open_here).values(revoked_at=now))
        return self._get(by.workspace_id, person_id)

    def enable(self, by: Principal, person_id: int) -> Person:
        """Let a disabled person in again, with the role they had.

        Raises:
            Denied: Without `people.manage`.
            NotFound: If they are not in this workspace.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.transaction() as connection:
            _change(connection, by.workspace_id, person_id, disabled_at=None)
        return self._get(by.workspace_id, person_id)

    def change_password(self, by: Principal, current: str, new: str) -> None:
        """Change the principal's own password and end all their sessions.

        Raises:
            InvalidInput: If the current password is wrong or the new one can't be used.
        """
        passwords.check_strength(new)
        with self._db.read() as connection:
            stored = connection.execute(sa.select(people.c.password_hash).where(people.c.id == by.person_id)).scalar()
        if not passwords.verify(current, stored or passwords.nobodys_hash(self.rounds)):
            raise InvalidInput("The current password is not right.", hint="Type it again, or ask whoever runs this server for a new one.")
        self._store_password(people.c.id == by.person_id, new)

    def set_password(self, by: Principal, email: str, new: str) -> None:
        """Give somebody a new password and end their sessions; for whoever runs the server (the command line), never for a page.

        Raises:
            Denied: For any person: an admin of one workspace must not get into an account that also opens another.
            NotFound: If nobody signs in with this address.
            InvalidInput: If the password can't be used.
        """
        if by.person_id is not None:
            raise Denied("A password can only be reset on the server.", hint="Ask whoever runs this server.")
        passwords.check_strength(new)
        if not self._store_password(people.c.email == email.strip().lower(), new):
            raise NotFound("Nobody signs in with this address.", hint="`postwright users list` shows who does.")

    def principal(self, person_id: int, workspace_id: int) -> Principal:
        """Return what a person may do in a workspace, for signing in and for every check after.

        Raises:
            Denied: If they are not, or no longer, in this workspace.
        """
        with self._db.read() as connection:
            row = connection.execute(_members(workspace_id).where(people.c.id == person_id)).mappings().first()
        if row is None or row["disabled_at"] is not None:
            raise Denied("You have no access to this workspace.", hint="An admin of the workspace can let you in.")
        return principal_of(row["id"], workspace_id, row["name"], row["role"])

    def _get(self, workspace_id: int, person_id: int) -> Person:
        with self._db.read() as connection:
            row = connection.execute(_members(workspace_id).where(people.c.id == person_id)).mappings().first()
        if row is None:
            raise _no_such_person()
        return _person(row)

    def _store_password(self, whose: sa.ColumnElement[bool], password: str) -> bool:
        now = self._clock.now()
        values = {"password_hash": passwords.hash_password(password, rounds=self.rounds), "failed_attempts": 0, "locked_until": None}
        ids = sa.select(people.c.id).where(whose)
        with self._db.transaction() as connection:
            connection.execute(
                sa.update(sessions).where(sessions.c.person_id.in_(ids), sessions.c.revoked_at.is_(None)).values(revoked_at=now)
            )
            return connection.execute(sa.update(people).where(whose).values(**values)).rowcount > 0


def checked_account(email: str, name: str, password: str, rounds: int) -> dict[str, str]:
    """Return the row of a new account, its password hashed; slow on purpose, so call it outside a transaction.

    Raises:
        InvalidInput: If the address, the name or the password can't be used.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInput(f"A person needs a name of 1 to {LONGEST_NAME} characters.", hint="It is what colleagues see.")
    passwords.check_strength(password)
    return {"email": checked_email(email), "name": name, "password_hash": passwords.hash_password(password, rounds=rounds)}


def checked_email(email: str) -> str:
    """Return an address as it is stored: checked by its form (RFC 5321) and in lower case.

    Raises:
        InvalidInput: If it is not an address.
    """
    try:
        return validate_email(email.strip(), check_deliverability=False).normalized.lower()
    except EmailNotValidError as error:
        raise InvalidInput("This is not an email address.", hint="Check it for typing mistakes.") from error


def principal_of(person_id: int, workspace_id: int, name: str, role: str) -> Principal:
    """Return the principal of a person with a role."""
    known = Role(role)
    return Principal(workspace_id, f"person:{person_id}", ROLE_PERMISSIONS[known], person_id=person_id, name=name, role=known)


def _members(workspace_id: int) -> sa.Select[tuple[object, ...]]:
    joined = memberships.join(people, people.c.id == memberships.c.person_id)
    columns = (people.c.id, people.c.email, people.c.name, people.c.last_seen_at, memberships.c.role, memberships.c.disabled_at)
    return sa.select(*columns).select_from(joined).where(memberships.c.workspace_id == workspace_id)


def _person(row: sa.RowMapping) -> Person:
    return Person(row["id"], row["email"], row["name"], Role(row["role"]), row["disabled_at"], row["last_seen_at"])


def _change(connection: sa.Connection, workspace_id: int, person_id: int, **values: object) -> None:
    whose = (memberships.c.workspace_id == workspace_id, memberships.c.person_id == person_id)
    if not connection.execute(sa.update(memberships).where(*whose).values(**values)).rowcount:
        raise _no_such_person()


def _keep_an_admin(connection: sa.Connection, workspace_id: int, leaving: int) -> None:
    active = (memberships.c.workspace_id == workspace_id, memberships.c.role == Role.ADMIN.value, memberships.c.disabled_at.is_(None))
    # Locked until the end: two admins who demote each other at the same moment must not both succeed.
    admins = connection.execute(sa.select(memberships.c.person_id).where(*active).with_for_update()).scalars().all()
    if set(admins) == {leaving}:
        raise Conflict("This is the last admin of the workspace.", hint="Make somebody else an admin first.")


def _no_such_person() -> NotFound:
    return NotFound("This person is not in the workspace.", hint="Reload the page to see who is.")
