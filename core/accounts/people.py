"""People of a workspace: who they are, what they may do, and who may decide that."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from core.accounts import passwords
from core.accounts.memberships import add_membership, set_lists
from core.accounts.new_account import add_account, checked_account
from core.accounts.principals import COLUMNS, MEMBERS, lists_of, permissions_of, principal_of, role_key
from core.accounts.roles import RoleDefinition, find_role, require_rank
from core.accounts.tables import memberships, people, sessions
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, Denied, NotFound
from core.permissions import Permission, Principal, Role
from core.storage.database import Database, Row


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in, as one workspace sees them.

    Args:
        id: Their number.
        email: What they sign in with, lower case.
        name: What they are called.
        role: The key of their role in this workspace, see `RoleDefinition`.
        role_name: What that role is called.
        disabled_at: Since when they may not enter this workspace, or None.
        last_seen_at: When they last used the product, or None.
        lists: The only lists whose contacts they may see; None for all.
    """

    id: int
    email: str
    name: str
    role: str
    disabled_at: datetime | None
    last_seen_at: datetime | None
    role_name: str = ""
    lists: frozenset[int] | None = None


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

    def add(self, by: Principal, email: str, name: str, password: str, role: str) -> Person:
        """Let somebody into the workspace with a first password; for whoever runs the server (the command line).

        Somebody who has an account already (in another workspace) keeps the password they have.

        Raises:
            Denied: For any person: they invite, so that whoever owns the address proves it (`Invitations`).
            InvalidInput: If the address, the name or the password can't be used.
            NotFound: If there is no such role.
            Conflict: If they are in the workspace already.
        """
        require_server(by, "People are added on the server only.", hint="Invite them instead.")
        account = checked_account(email, name, password, self.rounds)
        with self._db.transaction() as connection:
            chosen = find_role(connection, by.workspace_id, role)
            person_id = add_person(connection, by, account, chosen, self._clock.now())
        return self._get(by.workspace_id, person_id)

    def all(self, by: Principal) -> list[Person]:
        """Return the workspace's people, the active first, by name.

        Raises:
            Denied: Without `people.manage`.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.read() as connection:
            order = (memberships.c.disabled_at.isnot(None), sa.func.lower(people.c.name), people.c.id)
            rows = connection.execute(_members(by.workspace_id).order_by(*order)).mappings()
            return [_person(connection, row) for row in rows]

    def get(self, by: Principal, person_id: int) -> Person:
        """Return one person of the workspace.

        Raises:
            Denied: Without `people.manage`.
            NotFound: If they are not in this workspace.
        """
        by.require(Permission.PEOPLE_MANAGE)
        return self._get(by.workspace_id, person_id)

    def set_role(self, by: Principal, person_id: int, role: str) -> Person:
        """Give somebody another role; it counts from their next click. An admin sees every list: a limit ends with it.

        Raises:
            Denied: Without `people.manage`, if the old or the new role allows more than the principal may, or where a limit would end
                by the word of somebody who is limited themselves.
            NotFound: If they are not in this workspace, or there is no such role.
            Conflict: If nobody would be admin any more.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.transaction() as connection:
            chosen, now = find_role(connection, by.workspace_id, role), self._clock.now()
            before = self._ranked(connection, by, person_id)
            require_rank(by, chosen.permissions)
            if chosen.key != Role.ADMIN:
                _keep_an_admin(connection, by.workspace_id, person_id)
            _change(connection, by.workspace_id, person_id, **chosen.columns)
            target, known = f"person:{person_id}", {"role": before.role}
            if chosen.key == Role.ADMIN and before.lists is not None:
                by.require_all_lists()  # nobody limited ends a limit, least of all their own
                set_lists(connection, by.workspace_id, person_id, None)
                limit = {"lists": before.lists}
                record(connection, now, by, AuditAction.PERSON_LISTS_CHANGED, target, before=limit, after={"lists": None})
            record(connection, now, by, AuditAction.PERSON_ROLE_CHANGED, target, before=known, after={"role": chosen.key})
        return self._get(by.workspace_id, person_id)

    def set_lists(self, by: Principal, person_id: int, list_ids: Collection[int] | None) -> Person:
        """Let somebody see the contacts of these lists only, or of all; it counts from their next click.

        Args:
            by: Who asks.
            person_id: Whose access.
            list_ids: The lists, all of this workspace; None for every list, also later ones.

        Raises:
            Denied: Without `people.manage`, or for somebody whose role allows more than the principal may.
            NotFound: If they are not in this workspace, or a list is not.
            Conflict: For an admin, who sees everything.
        """
        by.require(Permission.PEOPLE_MANAGE)
        by.require_all_lists()
        with self._db.transaction() as connection:
            known = self._ranked(connection, by, person_id)
            if list_ids is not None and known.role == Role.ADMIN:
                raise Conflict("An admin sees every list.", hint="Give them another role first.")
            set_lists(connection, by.workspace_id, person_id, list_ids)
            before, after = {"lists": known.lists}, {"lists": None if list_ids is None else set(list_ids)}
            record(connection, self._clock.now(), by, AuditAction.PERSON_LISTS_CHANGED, f"person:{person_id}", before=before, after=after)
        return self._get(by.workspace_id, person_id)

    def disable(self, by: Principal, person_id: int) -> Person:
        """Keep somebody out of the workspace and end their sessions in it; what they did stays.

        Raises:
            Denied: Without `people.manage`, or for somebody whose role allows more than the principal may.
            NotFound: If they are not in this workspace.
            Conflict: If nobody would be admin any more.
        """
        by.require(Permission.PEOPLE_MANAGE)
        now = self._clock.now()
        with self._db.transaction() as connection:
            self._ranked(connection, by, person_id)
            _keep_an_admin(connection, by.workspace_id, person_id)
            _change(connection, by.workspace_id, person_id, disabled_at=now)
            _end_sessions(connection, by.workspace_id, person_id, now)
            record(connection, now, by, AuditAction.PERSON_DISABLED, f"person:{person_id}")
        return self._get(by.workspace_id, person_id)

    def enable(self, by: Principal, person_id: int) -> Person:
        """Let a disabled person in again, with the role they had.

        Raises:
            Denied: Without `people.manage`, or for somebody whose role allows more than the principal may.
            NotFound: If they are not in this workspace.
        """
        by.require(Permission.PEOPLE_MANAGE)
        with self._db.transaction() as connection:
            self._ranked(connection, by, person_id)
            _change(connection, by.workspace_id, person_id, disabled_at=None)
            record(connection, self._clock.now(), by, AuditAction.PERSON_ENABLED, f"person:{person_id}")
        return self._get(by.workspace_id, person_id)

    def sign_out(self, by: Principal, person_id: int) -> int:
        """End all of somebody's sessions in this workspace; return how many there were.

        Raises:
            Denied: Without `people.manage`, or for somebody whose role allows more than the principal may.
            NotFound: If they are not in this workspace.
        """
        by.require(Permission.PEOPLE_MANAGE)
        now = self._clock.now()
        with self._db.transaction() as connection:
            self._ranked(connection, by, person_id)
            ended = _end_sessions(connection, by.workspace_id, person_id, now)
            record(connection, now, by, AuditAction.PERSON_SIGNED_OUT, f"person:{person_id}", after={"sessions": ended})
        return ended

    def principal(self, person_id: int, workspace_id: int) -> Principal:
        """Return what a person may do in a workspace, for signing in and for every check after.

        Raises:
            Denied: If they are not, or no longer, in this workspace.
        """
        active = (memberships.c.workspace_id == workspace_id, memberships.c.person_id == person_id, memberships.c.disabled_at.is_(None))
        with self._db.read() as connection:
            row = connection.execute(sa.select(*COLUMNS).select_from(MEMBERS).where(*active)).mappings().first()
            if row is None:
                raise Denied("You have no access to this workspace.", hint="An admin of the workspace can let you in.")
            return principal_of(connection, row)

    def _ranked(self, connection: sa.Connection, by: Principal, person_id: int) -> Person:
        """Return a person the principal may decide about: nobody decides about somebody who may do more than they."""
        row = connection.execute(_members(by.workspace_id).where(people.c.id == person_id)).mappings().first()
        if row is None:
            raise _no_such_person()
        require_rank(by, permissions_of(row["role"], row["role_permissions"]))
        return _person(connection, row)

    def _get(self, workspace_id: int, person_id: int) -> Person:
        with self._db.read() as connection:
            row = connection.execute(_members(workspace_id).where(people.c.id == person_id)).mappings().first()
            if row is None:
                raise _no_such_person()
            return _person(connection, row)


def add_person(connection: sa.Connection, by: Principal, account: Row, role: RoleDefinition, now: datetime) -> int:
    """Write an account made by `checked_account` and its membership in an open transaction; return the person's number."""
    person_id = add_account(connection, account, now)
    add_membership(connection, by.workspace_id, person_id, role, now)
    record(connection, now, by, AuditAction.PERSON_ADDED, f"person:{person_id}", after={"role": role.key})
    return person_id


def require_server(by: Principal, words: str, *, hint: str) -> None:
    """Do nothing for the product itself and whoever runs the server.

    Args:
        by: Who asks.
        words: What is said to a person.
        hint: What they can do instead.

    Raises:
        Denied: For any person.
    """
    if by.person_id is not None or not by.may(Permission.PEOPLE_MANAGE):
        raise Denied(words, hint=hint)


def _members(workspace_id: int) -> sa.Select[tuple[object, ...]]:
    columns = (*COLUMNS, people.c.email, people.c.last_seen_at, memberships.c.disabled_at)
    return sa.select(*columns).select_from(MEMBERS).where(memberships.c.workspace_id == workspace_id)


def _person(connection: sa.Connection, row: sa.RowMapping) -> Person:
    return Person(
        row["person_id"],
        row["email"],
        row["name"],
        role_key(row["role"], row["role_id"]),
        row["disabled_at"],
        row["last_seen_at"],
        row["role_name"] or row["role"].capitalize(),
        lists_of(connection, row["workspace_id"], row["person_id"]) if row["is_limited"] else None,
    )


def _end_sessions(connection: sa.Connection, workspace_id: int, person_id: int, now: datetime) -> int:
    open_here = (sessions.c.person_id == person_id, sessions.c.workspace_id == workspace_id, sessions.c.revoked_at.is_(None))
    return int(connection.execute(sa.update(sessions).where(*open_here).values(revoked_at=now)).rowcount)


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
