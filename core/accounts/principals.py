"""How a row of a membership becomes the principal that every service call names: their role, their lists, what is asked of them first."""

from __future__ import annotations

import sqlalchemy as sa

from core.accounts.tables import membership_lists, memberships, people, roles
from core.permissions import EVERYBODY, ROLE_PERMISSIONS, Permission, Principal, Role
from core.storage.tables import workspaces

CUSTOM = "custom-"  # in front of the number of one of the workspace's own roles

# What `principal_of` reads; whoever joins further tables adds these columns to its own.
COLUMNS = (
    memberships.c.person_id,
    memberships.c.workspace_id,
    memberships.c.role,
    memberships.c.role_id,
    memberships.c.is_limited,
    people.c.name,
    people.c.totp_enabled_at,
    workspaces.c.requires_two_factor,
    roles.c.name.label("role_name"),
    roles.c.permissions.label("role_permissions"),
)
MEMBERS = (
    memberships.join(people, people.c.id == memberships.c.person_id)
    .join(workspaces, workspaces.c.id == memberships.c.workspace_id)
    .outerjoin(roles, roles.c.id == memberships.c.role_id)
)


def principal_of(connection: sa.Connection, row: sa.RowMapping, *, via: str = "", origin: str = "") -> Principal:
    """Return the principal of a member.

    Where the workspace asks for a second factor and the person has none yet, they may only look after their own account.

    Args:
        connection: To read the lists of a person who may see only some.
        row: With `COLUMNS`.
        via: What they came in with.
        origin: The network address they came from.
    """
    missing = bool(row["requires_two_factor"]) and row["totp_enabled_at"] is None
    return Principal(
        row["workspace_id"],
        f"person:{row['person_id']}",
        EVERYBODY if missing else permissions_of(row["role"], row["role_permissions"]),
        person_id=row["person_id"],
        name=row["name"],
        role=role_key(row["role"], row["role_id"]),
        role_name=row["role_name"] or row["role"].capitalize(),
        lists=lists_of(connection, row["workspace_id"], row["person_id"]) if row["is_limited"] else None,
        needs_two_factor=missing,
        via=via,
        origin=origin,
    )


def permissions_of(role: str, own: list[str] | None) -> frozenset[Permission]:
    """Return what a role allows.

    Args:
        role: The key of a built-in role, or "".
        own: The permissions of one of the workspace's own roles; words no longer known allow nothing.
    """
    if own is not None:
        return EVERYBODY | {permission for permission in Permission if permission.value in own}
    return ROLE_PERMISSIONS[Role(role)]


def role_key(role: str, role_id: int | None) -> str:
    """Return the key a role goes by in pages, the API and records: "admin", or "custom-7" for one of the workspace's own."""
    return role if role_id is None else f"{CUSTOM}{role_id}"


def lists_of(connection: sa.Connection, workspace_id: int, person_id: int) -> frozenset[int]:
    """Return the lists a limited person may see."""
    mine = (membership_lists.c.workspace_id == workspace_id, membership_lists.c.person_id == person_id)
    return frozenset(connection.execute(sa.select(membership_lists.c.list_id).where(*mine)).scalars())
