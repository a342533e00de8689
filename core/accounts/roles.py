"""Roles: the three every workspace has, and those it makes for itself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from core.accounts.principals import CUSTOM, permissions_of, role_key
from core.accounts.tables import invitations, memberships, roles
from core.audit.actions import AuditAction
from core.audit.recording import record
from core.clock import Clock
from core.errors import Conflict, Denied, InvalidInput, NotFound
from core.permissions import EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.database import Database

LONGEST_NAME = 60


@dataclass(frozen=True)
class RoleDefinition:
    """A role somebody can be given.

    Args:
        key: "admin", "marketer", "analyst", or "custom-7" for one of the workspace's own.
        name: What it is called.
        permissions: What it allows.
        people: How many people of the workspace have it.
    """

    key: str
    name: str
    permissions: frozenset[Permission]
    people: int = 0

    @property
    def is_built_in(self) -> bool:
        """Whether every workspace has it and nobody can change it."""
        return not self.key.startswith(CUSTOM)

    @property
    def columns(self) -> dict[str, object]:
        """How a membership or an invitation names it: `role` and `role_id`."""
        return {"role": self.key, "role_id": None} if self.is_built_in else {"role": "", "role_id": int(self.key.removeprefix(CUSTOM))}


class Roles:
    """Lists, makes, changes and deletes roles."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def all(self, by: Principal) -> list[RoleDefinition]:
        """Return the roles of the workspace, the built-in ones first, with how many people have each.

        Raises:
            Denied: Without `people.manage`.
        """
        by.require(Permission.PEOPLE_MANAGE)
        return self._all(by.workspace_id)

    def table(self, by: Principal) -> list[RoleDefinition]:
        """Return the same for those who make roles, whether or not they also give them to people.

        Raises:
            Denied: Without `roles.manage`.
        """
        by.require(Permission.ROLES_MANAGE)
        return self._all(by.workspace_id)

    def create(self, by: Principal, name: str, permissions: Collection[Permission]) -> RoleDefinition:
        """Make a role.

        Raises:
            Denied: Without `roles.manage`, or if it would allow more than the principal may.
            InvalidInput: If the name can't be used.
            Conflict: If the name is taken.
        """
        by.require(Permission.ROLES_MANAGE)
        allowed = _grantable(by, permissions)
        row = {"workspace_id": by.workspace_id, "name": _checked_name(name), "permissions": _words(allowed)}
        now = self._clock.now()
        with self._db.transaction() as connection:
            number = _unique(connection, sa.insert(roles).values(**row, created_at=now).returning(roles.c.id))
            after = {"name": row["name"], "permissions": row["permissions"]}
            record(connection, now, by, AuditAction.ROLE_CREATED, f"role:{number}", after=after)
        return RoleDefinition(f"{CUSTOM}{number}", str(row["name"]), allowed)

    def change(self, by: Principal, role: str, *, name: str, permissions: Collection[Permission]) -> RoleDefinition:
        """Give one of the workspace's own roles another name or other permissions; they count from everybody's next click.

        Raises:
            Denied: Without `roles.manage`, or if it allows or would allow more than the principal may.
            InvalidInput: If the name can't be used.
            NotFound: If the workspace has no such role of its own.
            Conflict: If the name is taken.
        """
        by.require(Permission.ROLES_MANAGE)
        allowed, name = _grantable(by, permissions), _checked_name(name)
        now = self._clock.now()
        with self._db.transaction() as connection:
            known = find_role(connection, by.workspace_id, role, own=True)
            require_rank(by, known.permissions)
            values = {"name": name, "permissions": _words(allowed)}
            _unique(connection, sa.update(roles).where(roles.c.id == known.columns["role_id"]).values(**values).returning(roles.c.id))
            before = {"name": known.name, "permissions": _words(known.permissions)}
            record(connection, now, by, AuditAction.ROLE_CHANGED, f"role:{known.columns['role_id']}", before=before, after=values)
        return RoleDefinition(known.key, name, allowed, known.people)

    def delete(self, by: Principal, role: str) -> None:
        """Delete one of the workspace's own roles that nobody has; invitations to it end.

        Raises:
            Denied: Without `roles.manage`, or if it allows more than the principal may.
            NotFound: If the workspace has no such role of its own.
            Conflict: If somebody has it, also somebody disabled.
        """
        by.require(Permission.ROLES_MANAGE)
        with self._db.transaction() as connection:
            known = find_role(connection, by.workspace_id, role, own=True)
            require_rank(by, known.permissions)
            if known.people:
                raise Conflict("Somebody has this role.", hint="Give them another one first.")
            number = known.columns["role_id"]
            connection.execute(sa.delete(invitations).where(invitations.c.role_id == number))
            connection.execute(sa.delete(roles).where(roles.c.id == number))
            record(connection, self._clock.now(), by, AuditAction.ROLE_DELETED, f"role:{number}", before={"name": known.name})

    def _all(self, workspace_id: int) -> list[RoleDefinition]:
        with self._db.read() as connection:
            return [*_built_in(_counts(connection, workspace_id)), *_own(connection, workspace_id)]


def find_role(connection: sa.Connection, workspace_id: int, key: str, *, own: bool = False) -> RoleDefinition:
    """Return a role of a workspace by its key.

    Args:
        connection: An open read or transaction.
        workspace_id: Whose role.
        key: "admin", "custom-7", …
        own: Whether it must be one of the workspace's own.

    Raises:
        NotFound: If there is none.
    """
    candidates = _own(connection, workspace_id) if own else [*_built_in({}), *_own(connection, workspace_id)]
    for role in candidates:
        if role.key == key:
            return role
    raise NotFound("There is no such role in this workspace.", hint="Reload the page to see which roles there are.")


def require_rank(by: Principal, permissions: frozenset[Permission]) -> None:
    """Do nothing if somebody may decide about a role with these permissions: nobody gives or takes more than they have.

    Raises:
        Denied: If the role allows something the principal may not.
    """
    if more := sorted(permissions - EVERYBODY - by.permissions):  # what everybody has is no rank, and an API token has none of it
        raise Denied(f"This role allows more than you may: “{more[0]}”.", hint="An admin of this workspace can do this.")


def _grantable(by: Principal, permissions: Collection[Permission]) -> frozenset[Permission]:
    chosen = EVERYBODY | {Permission(one) for one in permissions}
    require_rank(by, chosen)
    return chosen


def _built_in(counts: dict[str, int]) -> list[RoleDefinition]:
    return [RoleDefinition(role.value, role.capitalize(), ROLE_PERMISSIONS[role], counts.get(role.value, 0)) for role in Role]


def _own(connection: sa.Connection, workspace_id: int) -> list[RoleDefinition]:
    counts = _counts(connection, workspace_id)
    mine = sa.select(roles).where(roles.c.workspace_id == workspace_id).order_by(sa.func.lower(roles.c.name), roles.c.id)
    return [
        RoleDefinition(key := role_key("", row["id"]), row["name"], permissions_of("", row["permissions"]), counts.get(key, 0))
        for row in connection.execute(mine).mappings()
    ]


def _counts(connection: sa.Connection, workspace_id: int) -> dict[str, int]:
    columns = (memberships.c.role, memberships.c.role_id)
    counted = sa.select(*columns, sa.func.count()).where(memberships.c.workspace_id == workspace_id).group_by(*columns)
    return {role_key(role, role_id): count for role, role_id, count in connection.execute(counted)}


def _words(permissions: Collection[Permission]) -> list[str]:
    return sorted(permission.value for permission in permissions)


def _unique(connection: sa.Connection, statement: sa.Executable) -> int:
    """Run a statement that returns a number; it is read in here, for SQLite ends no savepoint while an answer is unread."""
    try:
        with connection.begin_nested():
            return int(connection.execute(statement).scalar_one())
    except IntegrityError as error:
        raise Conflict("A role of this name already exists.", hint="Choose another name.") from error


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or name.lower() in set(Role):
        raise InvalidInput(
            f"A role needs a name of its own, 1 to {LONGEST_NAME} characters.", hint="Say what its people do, such as “Proofreader”."
        )
    return name
